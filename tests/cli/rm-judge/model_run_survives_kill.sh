# kill -9 at 20 random moments, each followed by --resume: the bytes of an undisturbed run, nothing lost, nothing twice.
. "$RM_SOURCE/tests/cli/expect.bash"
small_model; engine
pairs 30 >in.jsonl
judge="rm-judge -i in.jsonl --max-tokens 24 --deterministic --batch 4"
export RM_MODEL=$model
start=$(date +%s%N)
$judge -o expected.jsonl
whole=$(($(date +%s%N) - start))
lines expected.jsonl 30
seed=${RM_TEST_SEED:-$$}
echo "RM_TEST_SEED=$seed"
kills=0 tries=0 RANDOM=$seed
: >part.jsonl
while [ $kills -lt 20 ] && [ $tries -lt 200 ]; do
  tries=$((tries + 1))
  $judge -o part.jsonl --resume &
  pid=$!
  # Anywhere in the first third of a run, loading included; each run goes further than the one before.
  python3 -c "import time; time.sleep($whole / 1e9 * 0.35 * $RANDOM / 32768)"
  kill -KILL $pid 2>/dev/null || true
  rc=0; wait $pid 2>/dev/null || rc=$?
  [ $rc -eq 137 ] && kills=$((kills + 1))
  [ $rc -eq 137 ] || [ $rc -eq 0 ] || { echo "ended with $rc"; exit 1; }
  head -c "$(wc -c <part.jsonl)" expected.jsonl >prefix
  same prefix part.jsonl
  if [ $rc -eq 0 ]; then same expected.jsonl part.jsonl; head -c $((RANDOM % 2000)) expected.jsonl >part.jsonl; fi
done
[ $kills -eq 20 ] || { echo "only $kills kills"; exit 1; }
$judge -o part.jsonl --resume
same expected.jsonl part.jsonl
