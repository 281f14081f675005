# A model of this machine: kill -9 at 20 random moments over both passes, each followed by --resume --deterministic, gives the bytes of
# undisturbed runs; shards join to the same.
. "$RM_SOURCE/tests/cli/expect.bash"
small_model; engine
export RM_MODEL=$model
pairs 20 | jq -c 'if has("answer_a") then .winner = (if .id % 2 == 0 then "A" else "B" end) else . end' >in.jsonl
flags=(--max-tokens 24 --deterministic --batch 4 --quiet)
ends 0 rm-distill teach "${flags[@]}" -i in.jsonl -o taught.jsonl
lines taught.jsonl 20
ends 0 rm-distill correct "${flags[@]}" -i taught.jsonl -o chains.jsonl
for pass in "teach in.jsonl taught.jsonl" "correct taught.jsonl chains.jsonl"; do
  read -r verb from want <<<"$pass"
  survives_kills "$want" 10 0.35 4000 rm-distill "$verb" "${flags[@]}" -i "$from"
  : >joined
  for i in 1 2 3; do rm-distill "$verb" "${flags[@]}" -i "$from" --shard $i/3 >>joined; done
  same "$want" joined
done
