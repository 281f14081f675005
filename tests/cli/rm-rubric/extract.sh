# extract: one record out for one in, byte for byte with `rubric` at its end; what is unread is told by record and in counts.
. "$RM_SOURCE/tests/cli/expect.bash"
python3 - <<'PY'
import json
chat = "<type>Chat</type>\n<rubric>\n1. Accuracy (60%%): facts\n2. Tone (weight: %s)\n<justify>why</justify>\n</rubric>\n<eval>A: 10%%</eval>\n<answer>[[A]]</answer>"
judged = lambda *texts: {"samples": [{"order": "ab", "verdict": None, "text": t} for t in texts]}
records = [
    {"prompt": "p", "chosen": "c", "rejected": "r", "judgment": judged(chat % "40%"), "x": [1, 2]},
    {"prompt": "p", "judgment": judged("no rubric here", chat % "high")},
    {"messages": [{"role": "user", "content": "u"}], "response": "<type>Reasoning</type><solution>4</solution>", "chain": {"status": "kept"}},
    {"prompt": "p", "judgment": judged("<answer>[[A]]</answer>"), "rubric": "stale"},
    {"messages": [{"role": "user", "content": "u"}], "chain": {"status": "wrong"}},
    {"prompt": "p", "chosen": "c", "rejected": "r"},
]
with open("in.jsonl", "w") as f:
    f.writelines(json.dumps(r) + "\n" for r in records)
    f.write("{broken\n")
PY
ends 1 rm-rubric extract -i in.jsonl -o out.jsonl --summary s.json
lines out.jsonl 7
json out.jsonl
[ "$(head -1 out.jsonl | cut -c1-20)" = "$(head -1 in.jsonl | cut -c1-20)" ]
jq -se '.[0].rubric == {type: "chat", criteria: [{name: "Accuracy", weight: 0.6, description: "facts"}, {name: "Tone", weight: 0.4, description: ""}],
  justify: "why", solution: ""} and .[0].x == [1, 2]' out.jsonl >/dev/null
jq -se '.[1].rubric.criteria[1].weight == null and .[1].rubric.unread[0].reason == "word"' out.jsonl >/dev/null
jq -se '.[2].rubric.solution == "4" and .[2].rubric.type == "reasoning"' out.jsonl >/dev/null
jq -se '.[3].rubric.unread[0].reason == "absent" and .[4].rubric.unread[0].reason == "no_trace"' out.jsonl >/dev/null
[ "$(jq -c '.error.code' out.jsonl | tail -2 | tr '\n' ' ')" = '"no_trace" "bad_json" ' ]
jq -e '.records == 7 and .failed == 2 and .with_criteria == 2 and .with_solution == 1 and .neither == 2 and .criteria == 4 and .weighted == 3 and
  .unread == {"rubric: absent": 1, "rubric: no_trace": 1, "weight: word": 1}' s.json >/dev/null
has err 'unread: rubric: absent 1, rubric: no_trace 1, weight: word 1'
ends 1 rm-rubric extract --on-error skip -i in.jsonl
lines out 5
ends 3 rm-rubric extract --on-error stop -i in.jsonl
lines out 5
# Parts join to the whole; a torn file is gone on with.
mv out.jsonl whole
for i in 1 2 3; do rm-rubric extract -i in.jsonl --shard $i/3 --quiet || [ $? -eq 1 ]; done >joined
same whole joined
head -c "$(($(head -3 whole | wc -c) + 40))" whole >out.jsonl
ends 1 rm-rubric extract -i in.jsonl -o out.jsonl --resume
same whole out.jsonl
# Read again, nothing changes; a full disk is told.
ends 1 rm-rubric extract -i whole -o again.jsonl
jq -c 'select(.rubric)' whole >a
jq -c 'select(.rubric)' again.jsonl >b
same a b
[ ! -e /dev/full ] || ends 5 rm-rubric extract -i in.jsonl -o /dev/full
