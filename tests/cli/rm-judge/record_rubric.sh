# --rubric record: the judge reads the record's rubric as content; a record without one is a failure that says so.
. "$RM_SOURCE/tests/cli/expect.bash"
server
cat >in.jsonl <<'LINES'
{"id":1,"question":"q","answer_a":"x","answer_b":"y","rubric":{"type":"chat","criteria":[{"name":"Accuracy","weight":0.6,"description":"facts"},{"name":"Tone","weight":null,"description":""}],"justify":"A won","solution":""}}
{"id":2,"question":"q","answer_a":"x","answer_b":"y"}
{"id":3,"question":"q","answer_a":"x","answer_b":"y","rubric":{"type":"chat","criteria":[]}}
{"id":4,"question":"q","answer_a":"x","answer_b":"y","rubric":{"criteria":[{"name":"Accuracy","weight":60}]}}
{"id":5,"prompt":"q","chosen":"x","rejected":"y","rubric":{"solution":"the answer is 4"}}
{"id":6,"prompt":"q","responses":["x","y","z"],"rubric":{"criteria":[{"name":"Ranked"}]}}
{"id":7,"context_messages":[{"role":"user","content":"u"}],"rubric":{"solution":"4"}}
LINES
ends 1 rm-judge -m "$url" --rubric record -i in.jsonl -o out.jsonl
lines out.jsonl 7
json out.jsonl
[ "$(jq -r '.error.code // .judgment.samples[0].reason' out.jsonl | tr '\n' ' ')" = 'ok no_rubric no_rubric bad_rubric ok ok rendered_rubric ' ]
# The scripted server repeats what it read.
jq -r 'select(.id == 1).judgment.samples[0].text' out.jsonl >trace
has trace '1. Accuracy (60%): facts'
has trace '2. Tone'
hasnt trace 'A won'
jq -r 'select(.id == 5).judgment.samples[0].text' out.jsonl >trace
has trace 'the answer is 4'
jq -r 'select(.id == 6).judgment.samples[].text' out.jsonl >traces
[ "$(grep -cF '1. Ranked' traces)" -eq 3 ]
[ "$(jq -r 'select(.id == 1).judgment.prompt_id' out.jsonl | cut -d- -f1-2)" = cor-rubric ]
# Without it the field plays no part, and the order of answers is the same with and without.
ends 0 rm-judge -m "$url" -i in.jsonl -o plain.jsonl
jq -r 'select(.id == 1).judgment.samples[0].text' plain.jsonl >trace
hasnt trace Accuracy
[ "$(jq -c 'select(.id == 5).judgment.samples[0].order' plain.jsonl)" = "$(jq -c 'select(.id == 5).judgment.samples[0].order' out.jsonl)" ]
# A prompt file without a text for it cannot judge by one; flags it cannot go with are refused.
echo '{"user":"{question}{answer_a}{answer_b}"}' >p.json
ends 2 rm-judge -m "$url" --rubric record --prompt p.json -i in.jsonl
has err rubric_user
ends 2 rm-judge --rubric record -q q -a x -b y
ends 2 rm-judge --rubric record --reparse -i in.jsonl
ends 2 rm-judge --rubric record --rate 1-10 -i in.jsonl
ends 2 rm-judge --rubric other -i in.jsonl
