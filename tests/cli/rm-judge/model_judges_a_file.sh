# A real model judges a file: one record out for each in, bad ones in place, counts that add up.
. "$RM_SOURCE/tests/cli/expect.bash"
small_model; engine
{ pairs 4; echo '{broken'; python3 -c 'import json; print(json.dumps({"question":"q","answer_a":"word "*20000,"answer_b":"y"}))'; } >in.jsonl
ends 1 rm-judge -m "$model" -i in.jsonl --max-tokens 24 --summary s.json --logprobs
lines out 6
json out
[ "$(jq -c '.error.code' out | sort | uniq -c | tr -s ' ' | tr '\n' ';')" = ' 1 "bad_json"; 1 "too_long"; 4 null;' ]
jq -c 'select(.judgment) | del(.judgment, .warnings)' out >back
head -4 in.jsonl | jq -c . >sent
same sent back
jq -se 'map(select(.judgment).judgment.samples[0].usage) | all(.completion_tokens <= 24 and .prompt_tokens > 100)' out >/dev/null
jq -e '.judged == 4 and .failed == 2 and .tokens.completion > 0' s.json >/dev/null
ends 0 rm-judge -m "$model" --samples 2 --both-orders --max-tokens 8 -i <(head -1 in.jsonl)
[ "$(jq -c '[.judgment.samples[].order]' out)" = '["ab","ba","ab","ba"]' ]
