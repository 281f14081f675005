# --emit-batch and --from-batch: the same judgments as the server would give, whatever the order of the results; missing ones fail.
. "$RM_SOURCE/tests/cli/expect.bash"
server
pairs 60 >in.jsonl
head -n 2 in.jsonl >>in.jsonl  # repeated records share a request
flags=(--both-orders -i in.jsonl --api-model scripted)
ends 0 rm-judge -m "$url" "${flags[@]}"
mv out direct
ends 0 rm-judge "${flags[@]}" --emit-batch requests.jsonl
[ ! -s out ]
lines requests.jsonl 120
none 'select(.method != "POST" or .url != "/v1/chat/completions" or (.body.messages | length) < 1)' requests.jsonl
python3 - "$url" <<'P'
import json, random, sys, urllib.request
out = []
for line in open("requests.jsonl"):
    r = json.loads(line)
    ask = urllib.request.Request(sys.argv[1] + "/chat/completions", json.dumps(r["body"]).encode(), {"Content-Type": "application/json"})
    body = json.load(urllib.request.urlopen(ask))
    out.append({"id": "batch_1", "custom_id": r["custom_id"], "response": {"status_code": 200, "body": body}, "error": None})
random.Random(1).shuffle(out)
with open("results.jsonl", "w") as f:
    f.writelines(json.dumps(o) + "\n" for o in out)
with open("partial.jsonl", "w") as f:
    f.writelines(json.dumps(o) + "\n" for o in out[:-6])
    f.write('{"custom_id": "rm-broken", \n')
P
ends 0 rm-judge "${flags[@]}" --from-batch results.jsonl
same direct out
zstd -q results.jsonl
ends 0 rm-judge "${flags[@]}" --from-batch results.jsonl.zst
same direct out
ends 1 rm-judge "${flags[@]}" --from-batch partial.jsonl
lines out 62
has err 'cannot be read'
# A record without any reply fails; one with some is judged by them, and its line says that samples are missing.
has err 'samples failed'
[ "$(jq -c '.judgment.samples[]? | select(.reason == "error")' out | grep -c .)" -ge 1 ]
head -n 60 in.jsonl >nobody.jsonl; echo '{"question":"new","answer_a":"x","answer_b":"y"}' >>nobody.jsonl
ends 1 rm-judge --both-orders -i nobody.jsonl --api-model scripted --from-batch partial.jsonl -o nobody.out
[ "$(tail -n 1 nobody.out | jq -r .error.code)" = not_in_batch ]
ends 1 rm-judge "${flags[@]}" --from-batch partial.jsonl
# What failed is asked again alone.
cp out first
ends 0 rm-judge -m "$url" --both-orders --retry unparsed -i first
same <(jq -c '.judgment | del(.samples)' direct) <(jq -c '.judgment | del(.samples)' out)
ends 2 rm-judge --emit-batch x --from-batch y -i in.jsonl
ends 2 rm-judge --emit-batch x -o y -i in.jsonl
echo '{"prompt":"q","responses":["a","b","c","d"]}' >many.jsonl
ends 1 rm-judge --emit-batch requests.jsonl -i many.jsonl --budget 4
has err '--budget'
ends 0 rm-judge --emit-batch requests.jsonl -i many.jsonl
lines requests.jsonl 6
