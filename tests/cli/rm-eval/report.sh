# report: one page from several runs; the same bytes each time; nothing of a record is HTML; refuses what it cannot do.
. "$RM_SOURCE/tests/cli/expect.bash"
python3 - <<'P'
import json
HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(1)>"
def judged(name, verdicts, bench="pairs"):
    with open(name, "w") as f:
        for i, v in enumerate(verdicts):
            sample = {"order": "ab", "verdict": v, "reason": "ok", "type": None, "text": "trace " + HOSTILE, "reasoning": "", "p_a": None,
                      "finish_reason": "stop", "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
            f.write(json.dumps({"prompt": f"q{i} " + HOSTILE, "chosen": "x", "rejected": "y",
                                "bench": {"name": bench, "version": 1, "subset": "s" + HOSTILE, "item": str(i) + HOSTILE, "cell": 0, "n": 1},
                                "judgment": {"verdict": v, "preferred": "chosen" if v == "A" else "rejected", "correct": v == "A",
                                             "confidence": 0.8, "votes": {"A": int(v == "A"), "B": int(v == "B"), "none": 0},
                                             "consistent": None, "samples": [sample], "model": name + HOSTILE, "prompt_id": "p", "seed": 0}}) + "\n")
judged("one.jsonl", "AAAABBABAA" * 4)
judged("two.jsonl", "AABABBABAB" * 4)
judged("short.jsonl", "AAAA")
P
ends 0 rm-eval report one.jsonl two.jsonl -o page.html --summary sum.json
ends 0 rm-eval report one.jsonl two.jsonl
same out page.html
jq -e '.browsable == 40 and .left_out == 0 and ([.runs[].scores.overall.value] == [0.7, 0.5])' sum.json
python3 - <<'P'
import re
from html.parser import HTMLParser
page = open("page.html").read()
class Seen(HTMLParser):
    tags, texts, stack = {}, [], []
    def handle_starttag(self, tag, attrs):
        Seen.tags[tag] = Seen.tags.get(tag, 0) + 1
        assert not any(k.startswith("on") or k == "style" for k, v in attrs), attrs  # the page's policy would block them
        assert not any(v and v.startswith(("http:", "https:", "//")) for k, v in attrs), attrs
    def handle_data(self, data):
        Seen.texts.append(data)
Seen().feed(page)
assert "img" not in Seen.tags, Seen.tags
own = [m for m in re.findall(r"<script([^>]*)>", page) if "nonce" in m]
assert len(own) == 1, own
text = " ".join(Seen.texts)
for figure in ("70.00", "50.00", "McNemar", "0.0078", "kappa 0.600"):
    assert figure in text, figure
assert "alert(1)" in text  # names of subsets and models are there, as text
P
ends 0 rm-eval report one.jsonl --browse 3 -o few.html
has err '37 records are in the figures but cannot be looked at'
ends 0 rm-eval report one.jsonl --browse 0 -o none.html
has none.html 'Calibration'
hasnt none.html 'id="browser"'
ends 0 rm-eval report -o piped.html <one.jsonl
has piped.html 70.00

ends 3 rm-eval report one.jsonl short.jsonl -o no.html
has err short
[ ! -e no.html ]
ends 2 rm-eval report one.jsonl -o one.jsonl
lines one.jsonl 40
ends 2 rm-eval report --json one.jsonl -o x.html
(cat one.jsonl; echo '{broken') >torn.jsonl
ends 1 rm-eval report torn.jsonl -o torn.html
has err torn.jsonl:41
has torn.html '1 line unreadable'
ends 3 rm-eval report torn.jsonl --on-error stop -o x.html
ends 5 rm-eval report one.jsonl -o /dev/full
ends 0 rm-eval report one.jsonl -o /dev/null
[ -c /dev/null ]
[ ! -e x.html ]
