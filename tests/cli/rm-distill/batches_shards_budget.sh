# A batch gives the chains a server would, in both passes; shards join to the whole; a budget stops with 75 and can be gone on from.
. "$RM_SOURCE/tests/cli/expect.bash"
server --teacher --repeat 0.3
pairs 60 | jq -c 'if has("answer_a") then .winner = (if .id % 2 == 0 then "A" else "B" end) else . end' >in.jsonl
ends 0 rm-distill teach -m "$url" --api-model scripted -i in.jsonl -o taught.jsonl
ends 0 rm-distill correct -m "$url" --api-model scripted -i taught.jsonl -o chains.jsonl
answer_batch() {
  python3 - "$url" "$1" "$2" <<'P'
import json, random, sys, urllib.request
out = []
for line in open(sys.argv[2]):
    r = json.loads(line)
    ask = urllib.request.Request(sys.argv[1] + "/chat/completions", json.dumps(r["body"]).encode(), {"Content-Type": "application/json"})
    body = json.load(urllib.request.urlopen(ask))
    out.append({"id": "batch_1", "custom_id": r["custom_id"], "response": {"status_code": 200, "body": body}, "error": None})
random.Random(1).shuffle(out)
open(sys.argv[3], "w").writelines(json.dumps(o) + "\n" for o in out)
P
}
for pass in "teach in.jsonl taught.jsonl" "correct taught.jsonl chains.jsonl"; do
  read -r verb from want <<<"$pass"
  ends 0 rm-distill "$verb" --api-model scripted -i "$from" --emit-batch requests.jsonl
  [ ! -s out ]
  answer_batch requests.jsonl results.jsonl
  ends 0 rm-distill "$verb" --api-model scripted -i "$from" --from-batch results.jsonl
  same "$want" out
  : >joined
  for i in 1 2 3 4 5; do rm-distill "$verb" --api-model scripted -i "$from" --from-batch results.jsonl --quiet --shard $i/5 >>joined; done
  same "$want" joined
done
lines requests.jsonl "$(grep -c '"status":"wrong"' taught.jsonl)"  # only what was not kept is asked again
head -n 5 results.jsonl >few.jsonl
ends 1 rm-distill correct --api-model scripted -i taught.jsonl --from-batch few.jsonl --quiet
[ "$(jq -c 'select(.error.code == "not_in_batch") | .chain.status' out | sort -u)" = '"failed"' ]
# What the first teacher wrote is not lost where the second's reply is missing.
same <(jq -c 'select(.chain.status == "failed") | [.id, .chain.wrong_response]' out) \
  <(jq -c --slurpfile failed <(jq -c 'select(.error) | .id' out) 'select(.id as $i | $failed | index($i)) | [.id, .chain.wrong_response]' taught.jsonl)
none 'select(.chain.status == "failed" and (.chain.wrong_response | type) != "string")' out

# One request at a time, so that the cost is known: 7 tokens of prompt and the reply's.
budget=$(jq -s '.[:10] | map(.chain.usage | .prompt_tokens + .completion_tokens) | add' taught.jsonl)
ends 75 rm-distill teach -m "$url" --api-model scripted --max-inflight 1 -i in.jsonl -o part.jsonl --max-cost-tokens "$budget" --summary part.json
has err '--max-cost-tokens'
n=$(wc -l <part.jsonl)
[ "$n" -ge 8 ] && [ "$n" -le 11 ] || { echo "$n records for the cost of 10"; exit 1; }
head -n "$n" taught.jsonl >prefix
same prefix part.jsonl
[ "$(jq '.tokens.prompt + .tokens.completion' part.json)" -le $((budget + 60)) ]
[ "$(jq .exit part.json)" = 75 ]
ends 75 rm-distill teach -m "$url" --api-model scripted --max-inflight 1 -i in.jsonl -o part.jsonl --max-cost-tokens "$budget" --resume
ends 0 rm-distill teach -m "$url" --api-model scripted -i in.jsonl -o part.jsonl --max-cost-tokens 1000000 --resume
same taught.jsonl part.jsonl
# Enough for all of it is no stop.
ends 0 rm-distill teach -m "$url" --api-model scripted -i in.jsonl --max-cost-tokens 1000000
same taught.jsonl out
