# More than two answers are ranked within a budget, single answers are rated; files and the command line alike.
. "$RM_SOURCE/tests/cli/expect.bash"
server
python3 - >in.jsonl <<'P'
import json
for i in range(20):
    answers = [f"draft #q={(7 * k + i) % 8}" for k in range(8)]
    print(json.dumps({"id": i, "prompt": f"question {i}", "responses": answers}))
print(json.dumps({"id": 20, "prompt": "p", "chosen": ["#q=9"], "rejected": ["#q=1", "#q=2", "#q=3"]}))
P
ends 0 rm-judge -m "$url" -i in.jsonl
python3 - 28 <<'P'
import json, sys
for line in open("out"):
    r = json.loads(line)
    answers = r.get("responses") or r["chosen"] + r["rejected"]
    quality = [int(a.split("=")[1]) for a in answers]
    j = r["judgment"]
    assert [quality[i] for i in j["ranking"]] == sorted(quality, reverse=True), j["ranking"]
    assert j["calls"] == len(j["samples"]) == len(answers) * (len(answers) - 1) // 2, j["calls"]
    assert all(low < s < high for s, (low, high) in zip(j["scores"], j["intervals"])), j
    assert r["id"] != 20 or j["correct"] is True
P
ends 0 rm-judge -m "$url" -i in.jsonl --budget 16
none 'select(.judgment.calls > 16)' out
best=$(jq -c 'select(.responses) | (.responses[.judgment.ranking[0]] | endswith("=7"))' out | grep -c true)
[ "$best" -ge 18 ] || { echo "only $best of 20 found the best within the budget"; exit 1; }
cp out judged
ends 0 rm-judge --reparse -i judged
same <(jq -c .judgment judged) <(jq -c .judgment out)
ends 0 rm-judge -m "$url" -i in.jsonl --rate 1-10 --samples 2
none 'select((.judgment.ratings | length) != ((.responses // (.chosen + .rejected)) | length))' out
none '.judgment.ratings[] | select(. != null and (. < 1 or . > 10))' out
[ "$(jq -s '[.[].judgment.ratings[] | numbers] | length' out)" -gt 0 ]
echo '{"prompt":"q","response":"x"}' >single.jsonl
ends 0 rm-judge -m "$url" -i single.jsonl --rate 0-5
[ "$(jq '.judgment.ratings | length' out)" = 1 ]
ends 1 rm-judge -m "$url" -i single.jsonl
[ "$(jq -r .error.code out)" = no_shape ]
echo '#q=3' >one; echo '#q=8' >two; echo '#q=5' >three
ends 0 rm-judge -m "$url" -q 'Which draft?' -a one -a two -b three
[ "$(grep -oE '^ +[0-9]\. [a-z]+' out | tr -s ' ')" = " 1. two
 2. three
 3. one" ]
ends 0 rm-judge -m "$url" -q 'How good?' -a one --rate 1-10 -o rated.jsonl
has out Rating
[ "$(jq '.judgment.ratings[0] | type' rated.jsonl)" = '"number"' ]
ends 0 rm-judge -m "$url" -q 'Which?' -a - -b two <one
ends 2 rm-judge -m "$url" -q 'How good?' -a one
has err '--rate'
ends 2 rm-judge -m "$url" -i in.jsonl --rate 10-1
ends 2 rm-judge -m "$url" -i in.jsonl --rate 1-10 --both-orders
