# vet: with the rubric and without, in both orders; kept only where judging by it reproduces the label; counts with intervals.
. "$RM_SOURCE/tests/cli/expect.bash"
python3 - <<'PY'
import json
def pair(i, rubric, chosen=9, rejected=1, **more):
    r = {"id": i, "prompt": f"q{i}", "chosen": f"c #q={chosen}", "rejected": f"r #q={rejected}", **more}
    if rubric is not None:
        r["rubric"] = {"type": "chat", "criteria": [{"name": rubric, "weight": 1}]}
    return json.dumps(r) + "\n"
lines = [pair(i, "Facts") for i in range(6)] + [pair(6, "#flip"), pair(7, "#flip", 1, 9), pair(8, "#only=A"), pair(9, "#mute"), pair(10, None),
         json.dumps({"id": 11, "question": "q", "answer_a": "x #q=1", "answer_b": "y #q=2", "rubric": {"criteria": [{"name": "a"}]}}) + "\n",
         json.dumps({"id": 12, "question": "q", "answer_a": "x #q=1", "answer_b": "y #q=2", "winner": "b", "rubric": {"solution": "4"}}) + "\n"]
open("in.jsonl", "w").writelines(lines)
PY
flags=(-i in.jsonl --api-model scripted)
answer() { python3 "$RM_SOURCE/tests/cli/rm-rubric/answer_batch.py" "$1" "$2"; }
ends 1 rm-rubric vet "${flags[@]}" --emit-batch requests.jsonl
lines requests.jsonl 44  # 11 pairs, with and without, two orders
answer requests.jsonl results.jsonl
ends 1 rm-rubric vet "${flags[@]}" --from-batch results.jsonl -o out.jsonl --summary s.json
lines out.jsonl 13
json out.jsonl
[ "$(jq -r '.vet.reason // .error.code' out.jsonl | tr '\n' ' ')" = 'kept kept kept kept kept kept wrong kept order no_verdict no_rubric no_label kept ' ]
none 'select(.vet and (.vet.kept != (.vet.reason == "kept")))' out.jsonl
jq -se '.[0].vet | (.with.samples | length) == 2 and (.without.samples | length) == 2 and (.with.prompt_id | startswith("cor-rubric-")) and .gain == 0' out.jsonl >/dev/null
# The orders with and without are the same.
none 'select(.vet and ([.vet.with.samples[].order] != [.vet.without.samples[].order]))' out.jsonl
# Counts agree with jq; the intervals are Wilson's.
jq -s '[.[].vet // empty] | {rubrics: length, kept: map(select(.kept)) | length, with: map(select(.with.correct)) | length, without: map(select(.without.correct)) | length}' out.jsonl >expected
jq '{rubrics, kept: .reproduce_label.count, with: .accuracy_with.count, without: .accuracy_without.count}' s.json >found
same expected found
python3 - <<'PY'
import json, math
s = json.load(open("s.json"))
for key in ("reproduce_label", "accuracy_with", "accuracy_without"):
    k, n, z = s[key]["count"], s[key]["of"], 1.959963984540054
    p, d = k / n, 1 + z * z / n
    m, h = (p + z * z / 2 / n) / d, z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n) / d
    assert abs(s[key]["low"] - (m - h)) < 1e-9 and abs(s[key]["high"] - (m + h)) < 1e-9, key
a, b = s["right_only_with"], s["right_only_without"]
exact = min(1, 2 * sum(math.comb(a + b, i) for i in range(min(a, b) + 1)) / 2 ** (a + b)) if a + b else 1
assert abs(s["p_mcnemar"] - exact) < 1e-9
assert s["reasons"] == {"kept": 8, "wrong": 1, "order": 1, "no_verdict": 1} and s["tokens"]["completion"] == 220
PY
has err 'rubrics that reproduce the label: 8 of 11 (72.7 %, 95 % interval 43.4 to 90.3)'
has err 'right without the rubric: 10 of 11'
# One order, more samples, contrast.
ends 1 rm-rubric vet "${flags[@]}" --orders one --emit-batch one.jsonl
lines one.jsonl 22
ends 1 rm-rubric vet "${flags[@]}" --samples 3 --emit-batch three.jsonl
lines three.jsonl 132
ends 1 rm-rubric vet "${flags[@]}" --contrast --emit-batch contrast.jsonl
answer contrast.jsonl contrast.results
ends 1 rm-rubric vet "${flags[@]}" --contrast --from-batch contrast.results -o contrasted.jsonl
[ "$(jq -r '.vet.reason // .error.code' contrasted.jsonl | tr '\n' ' ')" = 'no_gain no_gain no_gain no_gain no_gain no_gain wrong kept order no_verdict no_rubric no_label no_gain ' ]
has err 'rubrics that reproduce the label: 8 of 11'
# Long runs: parts join, a torn file is gone on with.
for i in 1 2 3 4; do rm-rubric vet "${flags[@]}" --from-batch results.jsonl --shard $i/4 --quiet || [ $? -eq 1 ]; done >joined
same out.jsonl joined
head -c "$(($(head -3 out.jsonl | wc -c) + 99))" out.jsonl >torn.jsonl
ends 1 rm-rubric vet "${flags[@]}" --from-batch results.jsonl -o torn.jsonl --resume
same out.jsonl torn.jsonl
# A vetted file is vetted again as it was before.
ends 1 rm-rubric vet -i out.jsonl --api-model scripted --from-batch results.jsonl -o again.jsonl
same out.jsonl again.jsonl
# A part of the replies missing: judged by the others, told by the exit code.
sed '$d' results.jsonl >most.jsonl
ends 1 rm-rubric vet "${flags[@]}" --from-batch most.jsonl -o most.out --summary m.json
jq -e '.incomplete == 1 or .failed == 3' m.json >/dev/null
