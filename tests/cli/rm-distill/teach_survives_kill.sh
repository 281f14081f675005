# kill -9 at 20 random moments of both passes, each followed by --resume: the bytes of undisturbed runs.
. "$RM_SOURCE/tests/cli/expect.bash"
server --teacher --repeat 0.3 --delay 0.02
pairs 120 | jq -c 'if has("answer_a") then .winner = (if .id % 2 == 0 then "A" else "B" end) else . end' >in.jsonl
ends 0 rm-distill teach -m "$url" -i in.jsonl -o taught.jsonl
ends 0 rm-distill correct -m "$url" -i taught.jsonl -o chains.jsonl
seed=${RM_TEST_SEED:-$$}
echo "RM_TEST_SEED=$seed"
RANDOM=$seed
for pass in "teach in.jsonl taught.jsonl" "correct taught.jsonl chains.jsonl"; do
  read -r verb from want <<<"$pass"
  kills=0 tries=0
  start=$(date +%s%N)
  ends 0 rm-distill "$verb" -m "$url" --max-inflight 4 --quiet -i "$from" -o part.jsonl
  whole=$(($(date +%s%N) - start))
  same "$want" part.jsonl
  : >part.jsonl
  while [ $kills -lt 10 ] && [ $tries -lt 100 ]; do
    tries=$((tries + 1))
    rm-distill "$verb" -m "$url" --max-inflight 4 --quiet -i "$from" -o part.jsonl --resume &
    pid=$!
    # Anywhere in the first half of a run; each goes further than the one before.
    sleep "$(awk "BEGIN { printf \"%.3f\", $whole / 1e9 * 0.5 * $RANDOM / 32768 }")"
    kill -KILL $pid 2>/dev/null || true
    rc=0; wait $pid 2>/dev/null || rc=$?
    [ $rc -eq 137 ] && kills=$((kills + 1))
    [ $rc -eq 137 ] || [ $rc -eq 0 ] || { echo "ended with $rc"; exit 1; }
    head -c "$(wc -c <part.jsonl)" "$want" >prefix
    same prefix part.jsonl
    if [ $rc -eq 0 ]; then same "$want" part.jsonl; head -c $((RANDOM % 2000)) "$want" >part.jsonl; fi
  done
  [ $kills -eq 10 ] || { echo "only $kills kills of $verb"; exit 1; }
  ends 0 rm-distill "$verb" -m "$url" -i "$from" -o part.jsonl --resume
  same "$want" part.jsonl
done
