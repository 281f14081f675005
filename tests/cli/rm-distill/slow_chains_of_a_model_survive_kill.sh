# A model of this machine: kill -9 at 20 random moments over both passes, each followed by --resume --deterministic, gives the bytes of
# undisturbed runs; shards join to the same.
. "$RM_SOURCE/tests/cli/expect.bash"
small_model; engine
export RM_MODEL=$model
pairs 20 | jq -c 'if has("answer_a") then .winner = (if .id % 2 == 0 then "A" else "B" end) else . end' >in.jsonl
flags=(--max-tokens 24 --deterministic --batch 4 --quiet)
ends 0 rm-distill teach "${flags[@]}" -i in.jsonl -o taught.jsonl
lines taught.jsonl 20
seed=${RM_TEST_SEED:-$$}
echo "RM_TEST_SEED=$seed"
RANDOM=$seed
for pass in "teach in.jsonl taught.jsonl" "correct taught.jsonl chains.jsonl"; do
  read -r verb from want <<<"$pass"
  start=$(date +%s%N)
  ends 0 rm-distill "$verb" "${flags[@]}" -i "$from" -o "$want"
  whole=$(($(date +%s%N) - start))
  kills=0 tries=0
  : >part.jsonl
  while [ $kills -lt 10 ] && [ $tries -lt 100 ]; do
    tries=$((tries + 1))
    rm-distill "$verb" "${flags[@]}" -i "$from" -o part.jsonl --resume &
    pid=$!
    sleep "$(awk "BEGIN { printf \"%.3f\", $whole / 1e9 * 0.35 * $RANDOM / 32768 }")"
    kill -KILL $pid 2>/dev/null || true
    rc=0; wait $pid 2>/dev/null || rc=$?
    [ $rc -eq 137 ] && kills=$((kills + 1))
    [ $rc -eq 137 ] || [ $rc -eq 0 ] || { echo "ended with $rc"; exit 1; }
    head -c "$(wc -c <part.jsonl)" "$want" >prefix
    same prefix part.jsonl
    if [ $rc -eq 0 ]; then same "$want" part.jsonl; head -c $((RANDOM % 4000)) "$want" >part.jsonl; fi
  done
  [ $kills -eq 10 ] || { echo "only $kills kills of $verb"; exit 1; }
  ends 0 rm-distill "$verb" "${flags[@]}" -i "$from" -o part.jsonl --resume
  same "$want" part.jsonl
  : >joined
  for i in 1 2 3; do rm-distill "$verb" "${flags[@]}" -i "$from" --shard $i/3 >>joined; done
  same "$want" joined
done
