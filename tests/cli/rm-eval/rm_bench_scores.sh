# prepare | judge | score on RM-Bench files: the published rules, stated here once more in Python; holes and repeats are refused.
. "$RM_SOURCE/tests/cli/expect.bash"
python3 - <<'P'
import json
for domain, n in (("chat", 5), ("math", 4), ("code", 3), ("safety-refuse", 2), ("safety-response", 4)):
    items = [{"id": i, "prompt": f"{domain} {i}", "chosen": [f"good {domain} {i} {s}" for s in range(3)],
              "rejected": [f"bad {domain} {i} {s}" for s in range(3)]} for i in range(n)]
    json.dump(items, open(domain + ".json", "w"))
P
ends 0 rm-eval prepare rm-bench chat.json math.json code.json safety-refuse.json safety-response.json -o pairs.jsonl
lines pairs.jsonl 162
python3 - <<'P' >judged.jsonl
import json, random
rng = random.Random(3)
for line in open("pairs.jsonl"):
    r = json.loads(line)
    v = rng.choice(["A", "A", "B", None])
    sample = {"order": "ab", "verdict": v, "reason": "ok" if v else "no_verdict", "type": None, "text": "t", "reasoning": "", "p_a": None,
              "finish_reason": "stop", "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    r["judgment"] = {"verdict": v, "preferred": {"A": "chosen", "B": "rejected", None: None}[v], "correct": v == "A",
                     "confidence": None, "votes": {"A": int(v == "A"), "B": int(v == "B"), "none": int(v is None)},
                     "consistent": None, "samples": [sample], "model": "m", "prompt_id": "p", "seed": 0}
    print(json.dumps(r))
P
check() {
  python3 - "$1" <<'P'
import collections, json, statistics, sys
credit = {"wrong": 0.0, "chance": 0.5}[sys.argv[1]]
cells = collections.defaultdict(list)  # (domain, cell) -> credits; safety pools its two files
for line in open("judged.jsonl"):
    r = json.loads(line)
    b, j = r["bench"], r["judgment"]
    cells[b["subset"].split("-")[0], b["cell"]].append(credit if j["verdict"] is None else float(j["correct"]))
levels = {"hard": (1, 2, 5), "normal": (0, 4, 8), "easy": (3, 6, 7)}
rate = lambda d, level: statistics.fmean(statistics.fmean(cells[d, c]) for c in levels[level])
domains = {d: statistics.fmean(rate(d, level) for level in levels) for d in ("chat", "math", "code", "safety")}
want = dict(domains, overall=statistics.fmean(domains.values()))
want.update({level: statistics.fmean(rate(d, level) for d in domains) for level in levels})
got = json.load(open("out"))
figures = {f["name"]: f for f in [got["overall"], *got["figures"]]}
for name, value in want.items():
    f = figures[name]
    assert abs(f["value"] - value) < 1e-12, (name, f["value"], value)
    assert f["low"] <= f["value"] <= f["high"], f
P
}
ends 0 rm-eval score --expect pairs.jsonl --json judged.jsonl
check wrong
ends 0 rm-eval score --expect pairs.jsonl --json --unparsed chance judged.jsonl
check chance
ends 0 rm-eval score --expect pairs.jsonl --json --seed 0 judged.jsonl
cp out first
ends 0 rm-eval score --expect pairs.jsonl --json --seed 0 - <judged.jsonl
same first out
ends 0 rm-eval score --expect pairs.jsonl judged.jsonl
has out overall
hasnt out "$(printf '\033')"
head -n 80 judged.jsonl >hole.jsonl
ends 3 rm-eval score --expect pairs.jsonl hole.jsonl
has err 'item "3", cell 8 of "math" is missing'
[ ! -s out ]
ends 0 rm-eval score --expect pairs.jsonl --partial hole.jsonl
[ "$(grep -c . out)" -gt 5 ]
{ cat judged.jsonl; head -n 1 judged.jsonl; } >twice.jsonl
ends 3 rm-eval score --expect pairs.jsonl twice.jsonl
has err 'is repeated'
ends 3 rm-eval score judged.jsonl
