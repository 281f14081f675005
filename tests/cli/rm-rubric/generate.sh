# generate: questions and pairs to rubrics, through a batch: what is shown, what is kept of the reply, what fails.
. "$RM_SOURCE/tests/cli/expect.bash"
cat >in.jsonl <<'LINES'
{"id":1,"question":"Why? #rubric=<type>Chat</type>\\n<rubric>\\n1. Facts (60%): right\\n2. Tone (weight: high)\\n<justify>so</justify></rubric>"}
{"id":2,"prompt":[{"role":"user","content":"Hello"},{"role":"assistant","content":"Hi"},{"role":"user","content":"2+2? #rubric=<type>Reasoning</type><solution>4</solution>"}]}
{"id":3,"prompt":"q","chosen":"c","rejected":"r","rubric":"stale","error":{"code":"old"}}
{"id":4,"prompt":"q","responses":["x","y","z"]}
{"id":5,"question":"#rubric=nothing of use"}
{"id":6,"chosen":"c"}
{"id":7,"context_messages":[{"role":"user","content":"u"}],"winner":"model_a"}
{"id":8,"question":"q","answer_a":"x","answer_b":"y"}
{broken
LINES
flags=(-i in.jsonl --api-model scripted)
answer() { python3 "$RM_SOURCE/tests/cli/rm-rubric/answer_batch.py" "$1" "$2"; }
ends 1 rm-rubric generate "${flags[@]}" --emit-batch requests.jsonl
[ ! -s out ]
lines requests.jsonl 6
answer requests.jsonl results.jsonl
ends 1 rm-rubric generate "${flags[@]}" --from-batch results.jsonl -o out.jsonl --summary s.json
lines out.jsonl 9
json out.jsonl
[ "$(jq -r '.error.code // "ok"' out.jsonl | tr '\n' ' ')" = 'ok ok ok ok ok missing_field rendered_rubric ok bad_json ' ]
jq -se '.[0].rubric == {type: "chat", criteria: [{name: "Facts", weight: 0.6, description: "right"}, {name: "Tone", weight: null, description: ""}], justify: "so",
  solution: "", unread: [{what: "weight", reason: "word", name: "Tone", text: .[0].rubric.unread[0].text}]}' out.jsonl >/dev/null
jq -se '.[0].rubric_from | .model == "scripted" and .usage.prompt_tokens == 10 and .finish_reason == "stop" and (.text | startswith("<type>")) and
  (.prompt_id | startswith("rubric-cor-"))' out.jsonl >/dev/null
jq -se '.[1].rubric.solution == "4" and .[1].rubric.type == "reasoning" and .[4].rubric.unread[0].reason == "absent"' out.jsonl >/dev/null
# Both answers of a pair are shown, none of a question or of several answers.
[ "$(jq -r '.rubric.criteria[0].name // "-"' out.jsonl | tr '\n' ' ')" = 'Facts - Shown 1 Shown 0 - - - Shown 1 - ' ]
jq -e '.records == 9 and .failed == 3 and .with_criteria == 4 and .with_solution == 1 and .neither == 1 and .tokens.completion == 30' s.json >/dev/null
# --contrast tells which is better, and so needs to know.
ends 1 rm-rubric generate "${flags[@]}" --contrast --emit-batch requests2.jsonl
lines requests2.jsonl 1
answer requests2.jsonl results2.jsonl
ends 1 rm-rubric generate "${flags[@]}" --contrast --from-batch results2.jsonl -o contrast.jsonl
[ "$(jq -r '.error.code // .rubric.criteria[0].name' contrast.jsonl | head -3 | tr '\n' ' ')" = 'no_label no_label Shown 2 ' ]
# The reply that was kept says the same to extract; parts join; a torn file is gone on with; what was left out is missing.
jq -c 'select(.rubric)' out.jsonl >made.jsonl
ends 0 rm-rubric extract -i made.jsonl -o again.jsonl
jq -c .rubric made.jsonl >a; jq -c .rubric again.jsonl >b; same a b
for i in 1 2 3; do rm-rubric generate "${flags[@]}" --from-batch results.jsonl --shard $i/3 --quiet || [ $? -eq 1 ]; done >joined
same out.jsonl joined
head -c "$(($(head -2 out.jsonl | wc -c) + 30))" out.jsonl >torn.jsonl
ends 1 rm-rubric generate "${flags[@]}" --from-batch results.jsonl -o torn.jsonl --resume
same out.jsonl torn.jsonl
ends 1 rm-rubric generate "${flags[@]}" --from-batch results.jsonl --on-error skip
lines out 6
# No reply: a failure with its reason; nothing of an old rubric goes out with it.
head -1 results.jsonl >few.jsonl
ends 1 rm-rubric generate "${flags[@]}" --from-batch few.jsonl -o few.out
[ "$(jq -r 'select(.id == 3) | .error.code + (.rubric | tostring)' few.out)" = 'not_in_batchnull' ] || [ "$(jq -r 'select(.id == 3).rubric | type' few.out)" = object ]
ends 1 rm-rubric generate "${flags[@]}" --form plain --emit-batch plain.jsonl
none 'select(.body.messages | length != 1)' plain.jsonl
