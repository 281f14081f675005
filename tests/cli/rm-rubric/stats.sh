# stats: what jq counts, in a table and as JSON.
. "$RM_SOURCE/tests/cli/expect.bash"
python3 - <<'PY'
import json, random
rng = random.Random(5)
names = ["Accuracy", "accuracy", "Tone", "Tones", "Safety & Policies", "safety and policy"]
with open("in.jsonl", "w") as f:
    for i in range(400):
        picked = rng.sample(names[::2] if i % 3 else names[1::2], rng.randint(1, 3))
        weights = [round(rng.random(), 2) if rng.random() < 0.8 else None for _ in picked]
        r = {"type": rng.choice(["chat", "chat", "reasoning", None]), "criteria": [{"name": n, "weight": w, "description": ""} for n, w in zip(picked, weights)]}
        if i % 50 == 0:
            r["unread"] = [{"what": "weight", "reason": "word", "name": picked[0], "text": "high"}]
        f.write(json.dumps({"id": i, "rubric": r}) + "\n")
    f.write('{"id":1,"error":{"code":"too_long","message":"m","line":1}}\n')
PY
ends 1 rm-rubric stats --json -i in.jsonl -o s.json
jq -s '[.[].rubric // empty]' in.jsonl >rubrics
jq -n --slurpfile r rubrics '$r[0] as $r | {rubrics: ($r | length), criteria: ([$r[].criteria[]] | length), weighted: ([$r[].criteria[] | select(.weight)] | length),
  chat: ([$r[] | select(.type == "chat")] | length), none: ([$r[] | select(.type == null)] | length), unread: 8,
  tone: ([$r[] | select([.criteria[].name] | any(startswith("Tone")))] | length),
  mean: ([$r[].criteria[] | select((.name | startswith("Tone")) and .weight) | .weight] | (add / length) * 1e6 | round)}' >expected
jq '{rubrics, criteria, weighted, chat: .types.chat.count, none: .types.none.count, unread: .unread["weight: word"],
  tone: (.groups[] | select(.name == "Tone" or .name == "Tones") | .rubrics),
  mean: (.groups[] | select(.name == "Tone" or .name == "Tones") | .mean * 1e6 | round)}' s.json >found
same expected found
jq -e '(.groups | length) == 3 and all(.groups[]; .low < .mean and .mean < .high)' s.json >/dev/null
ends 1 rm-rubric stats -i in.jsonl --summary t.json
same s.json t.json
has out '400 rubrics'
has out 'Accuracy'
has err '1 failure records'
ends 1 rm-rubric stats --color always -i in.jsonl
grep -q $'\x1b\[1m' out
# A record without a rubric is told and counted; the run goes on, or stops where asked to.
{ cat in.jsonl; echo '{"id":7}'; echo '{"rubric":{"criteria":[{"name":"a","weight":40}]}}'; echo '{bad'; } >more.jsonl
ends 1 rm-rubric stats --json -i more.jsonl -o u.json
same s.json u.json
has err 'more.jsonl:402: the record has no "rubric"'
has err 'write 40 % as 0.4'
ends 3 rm-rubric stats --on-error stop -i more.jsonl
: >empty.jsonl
ends 0 rm-rubric stats --json -i empty.jsonl
