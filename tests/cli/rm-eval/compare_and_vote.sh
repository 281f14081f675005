# compare: equal judges do not differ, others are counted by hand; other items are refused. vote: the majority of three.
. "$RM_SOURCE/tests/cli/expect.bash"
python3 - <<'P'
import json
def judged(name, verdicts):
    with open(name, "w") as f:
        for i, v in enumerate(verdicts):
            sample = {"order": "ab", "verdict": v, "reason": "ok", "type": None, "text": "t", "reasoning": "", "p_a": None,
                      "finish_reason": "stop", "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
            f.write(json.dumps({"prompt": f"q{i}", "chosen": "x", "rejected": "y",
                                "bench": {"name": "pairs", "version": 1, "subset": "pairs", "item": str(i), "cell": 0, "n": 1},
                                "judgment": {"verdict": v, "preferred": "chosen" if v == "A" else "rejected", "correct": v == "A",
                                             "confidence": None, "votes": {"A": int(v == "A"), "B": int(v == "B"), "none": 0},
                                             "consistent": None, "samples": [sample], "model": name, "prompt_id": "p", "seed": 0}}) + "\n")
judged("one", "AAAABBABAA" * 4)
judged("two", "AABABBABAB" * 4)
judged("three", "BABABBABAA" * 4)
judged("short", "AAAA")
P
ends 0 rm-eval compare one one --json --partial
grep -q '"difference"' out
ends 0 rm-eval compare one two --partial --json
# 28 and 20 of 40 right, 8 only by the first: p = 2 / 2^8, agreement 32 / 40, kappa (0.8 - 0.5) / (1 - 0.5).
jq -e '.comparisons[0] | .only_first == 8 and .only_second == 0 and (.p - 0.0078125 | fabs) < 1e-12
  and (.difference.value + 0.2 | fabs) < 1e-12 and (.agreement.value - 0.8 | fabs) < 1e-12
  and (.kappa.value - 0.6 | fabs) < 1e-12' out
lines_in_difference=$(diff <(jq -c .judgment.verdict one) <(jq -c .judgment.verdict two) | grep -c '^<' || true)
[ "$lines_in_difference" -eq 8 ]
ends 3 rm-eval compare one short --partial
[ -s err ]
ends 0 rm-eval vote one two three -o panel
lines panel 40
python3 - <<'P'
import json
read = lambda n: [json.loads(l)["judgment"]["verdict"] for l in open(n)]
one, two, three, panel = map(read, ("one", "two", "three", "panel"))
want = ["A" if v.count("A") > 1 else "B" for v in map(list, zip(one, two, three))]
assert panel == want, (panel[:10], want[:10])
P
