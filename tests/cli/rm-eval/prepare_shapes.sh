# Every benchmark's own files become records that rm-judge reads; a bad element becomes a failure record in its place.
. "$RM_SOURCE/tests/cli/expect.bash"
rm_bench b 2
ends 0 rm-eval prepare rm-bench b/math.json
lines out 18
json out
mv b/math.json b/algebra.json
ends 3 rm-eval prepare rm-bench b/algebra.json
has err "no domain of RM-Bench"
ends 2 rm-eval prepare rm-bench b/chat.json --cells soft
mkdir -p "r/Pairwise_set/Helpfulness/Open QA" r/BoN_set/Harmlessness
cat >"r/Pairwise_set/Helpfulness/Open QA/Factual.json" <<'J'
[{"pair_uid":"1","conversation_input":[{"role":"user","content":"q","language":"English"}],"chosen":{"llm_name":"x","answer":"good"},
  "reject":{"llm_name":"y","answer":"bad"},"category_path":"Pairwise_set/Helpfulness/Open QA/Factual"},
 {"pair_uid":"2","conversation_input":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}],
  "chosen":{"answer":"good"},"reject":{"answer":"bad"},"category_path":"Pairwise_set/Helpfulness/Open QA/Factual"},
 {"pair_uid":"3","conversation_input":[],"chosen":{"answer":"good"},"reject":{"answer":"bad"},"category_path":"Pairwise_set/Helpfulness/Open QA/Factual"}]
J
cat >r/BoN_set/Harmlessness/S1.json <<'J'
[{"bon_uid":"g","conversation_input":[{"role":"user","content":"q"}],"bon_best":{"answer":"best"},
  "loser_list":[{"answer":"one"},{"answer":"two"},{"answer":"three"}],"category_path":"BoN_set/Harmlessness/S1"}]
J
ends 1 rm-eval prepare rmb r
lines out 6
json out
has err 'Factual.json:3: "conversation_input" has no turns'
grep -v '"error"' out | fake_judge --skill 1 | rm-eval score --partial --json >scores
jq -e '.overall.value == 1 and ([.figures[] | select(.group == "part") | .name] == ["Pairwise Helpfulness", "BoN Harmlessness"])' scores >/dev/null
ends 1 rm-eval prepare rmb r --on-error skip
lines out 5
ends 3 rm-eval prepare rmb r --on-error stop
printf '%s\n' '{"prompt":"q","chosen":"good","rejected":"bad","subset":"hep-go","id":5}' '{"prompt":"q"' \
  '{"prompt":"q","chosen":"good","rejected":"bad","subset":"golf","id":6}' >rb.jsonl
ends 1 rm-eval prepare reward-bench rb.jsonl
lines out 3
json out
printf '%s\n' '{"id":"7","prompt":"q","chosen":["a"],"rejected":["b","c","d"],"num_correct":1,"subset":"Math"}' \
  '{"id":"ref:1","prompt":"q","chosen":["a"],"rejected":["b","c"],"num_correct":1,"subset":"Ties"}' \
  '{"id":"tied:1","prompt":"q","chosen":["a","e"],"rejected":["b","c"],"num_correct":2,"subset":"Ties"}' >rb2.jsonl
rm-eval prepare reward-bench-2 rb2.jsonl >p2.jsonl
fake_judge --skill 1 --rate <p2.jsonl | rm-eval score --partial --json >rated
jq -e '[.figures[] | select(.group == "subset")] | map(.name) == ["Math", "Ties"] and .[0].value == 1 and .[1].value > 0.6' rated >/dev/null
grep -v Ties p2.jsonl | fake_judge --skill 1 | rm-eval score --partial --json >ranked
jq -e '.overall.value == 1' ranked >/dev/null
fake_judge --skill 1 <p2.jsonl >with_ties.jsonl
ends 3 rm-eval score --partial with_ties.jsonl
has err "judge it with rm-judge --rate"
ends 0 rm-eval prepare rm-bench b/chat.json --dry-run
has out '"pairs":18'
echo '[{"id":1},' >torn.json
mv torn.json chat.json
ends 3 rm-eval prepare rm-bench chat.json --quiet
has err "the file ends before its list does"
