# Both passes over a server that fails three calls in ten: no record is lost, kept chains are right, the hint stays in the requests.
. "$RM_SOURCE/tests/cli/expect.bash"
server --teacher --repeat 0.5 --fail 0.3 --seed 5
pairs 600 | jq -c 'if has("answer_a") then .winner = (if .id % 2 == 0 then "A" else "B" end) else . end' >in.jsonl
ends 0 rm-distill teach -m "$url" -i in.jsonl -o taught.jsonl --summary taught.json
has err 'kept'
ends 0 rm-distill correct -m "$url" -i taught.jsonl -o chains.jsonl --summary chains.json
same <(jq -c . in.jsonl) <(jq -c 'del(.messages, .response, .chain)' taught.jsonl)
same <(jq -c .messages taught.jsonl) <(jq -c .messages chains.jsonl)
# What the first pass kept comes through the second byte for byte.
same <(grep -F '"status":"kept"' taught.jsonl) <(grep -F '"pass":1' chains.jsonl)
python3 - <<'P'
import collections, json
taught, chains = ([json.loads(l) for l in open(f)] for f in ("taught.jsonl", "chains.jsonl"))
assert len(taught) == len(chains) == 600
for r in taught + chains:
    c = r["chain"]
    if "answer_a" in r:
        assert c["verdict"] == r["winner"], r["id"]
    else:
        shown = r["messages"][-1]["content"]
        assert (shown.index(r["chosen"]) < shown.index(r["rejected"])) == (c["verdict"] == "A"), r["id"]
    assert (c["status"] == "kept") == ("response" in r)
    if c["status"] == "kept":
        assert f"[[{c['verdict']}]]" in r["response"][-100:], r["id"]
        assert "wrong_response" not in c
    elif c["status"] == "wrong":
        assert f"[[{c['verdict']}]]" not in c["wrong_response"][-100:], r["id"]
    for text in [m["content"] for m in r["messages"]] + [r.get("response", "")]:
        assert "other judge" not in text and "Note to the judge" not in text, r["id"]
    assert c["teacher"] == "scripted" and c["usage"]["prompt_tokens"] == 7
status = lambda rows: collections.Counter((r["chain"]["status"], r["chain"]["pass"]) for r in rows)
first, both = status(taught), status(chains)
assert 230 < first["kept", 1] < 370 and first["wrong", 1] == 600 - first["kept", 1], first
assert both["kept", 1] == first["kept", 1] and both["kept", 2] + both["leak", 2] == first["wrong", 1], both
assert both["leak", 2] > 60 and both["kept", 2] > 60, both
for r in chains:
    if r["chain"]["status"] == "leak":
        assert "judge" in r["chain"]["second_response"] and r["chain"]["told_by"] and r["chain"]["wrong_response"]
one, two = json.load(open("taught.json")), json.load(open("chains.json"))
assert one["kept"] == {"pass_1": first["kept", 1], "pass_2": 0} and one["wrong"] == first["wrong", 1] and one["asked"] == 600
assert two["kept"] == {"pass_1": both["kept", 1], "pass_2": both["kept", 2]} and two["leak"] == both["leak", 2]
assert two["asked"] == first["wrong", 1] and two["records"] == 600 and two["reasons"] == {"told": both["leak", 2]}
balance = collections.Counter(r["chain"]["verdict"] for r in chains if "response" in r)
assert two["labels"]["kept"] == dict(balance) and sum(two["labels"]["seen"].values()) == 600
assert sum(b["kept"] for b in two["histogram"]) == both["kept", 1] + both["kept", 2]
assert one["tokens"]["prompt"] == 7 * 600 and two["tokens"]["prompt"] == 7 * two["asked"]
P
# A third run asks again only for what is not kept yet; where the teacher is the same, it says the same.
ends 0 rm-distill correct -m "$url" -i chains.jsonl
same <(grep -F '"status":"kept"' chains.jsonl) <(grep -F '"status":"kept"' out)
