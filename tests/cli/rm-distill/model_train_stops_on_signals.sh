# TERM and USR1 end a run with 75, INT with 130: the state after the last step is saved, and --resume goes on to the bits and figures of
# a run that was never stopped.
. "$RM_SOURCE/tests/cli/train.bash"
tiny
chains 50 >chains.jsonl
run="$train --epochs 8 --save-every 0 --val 0.2 --val-every 5 --val-generate 3"
$run -o whole
lines whole/metrics.jsonl 40  # 32 steps of 10 chains, and 8 validations
at=3
resume=
for signal in TERM:75 USR1:75 INT:130; do
  # shellcheck disable=SC2086
  $run -o part $resume 2>err &
  pid=$!
  until_lines part/metrics.jsonl $at
  kill -"${signal%:*}" $pid
  rc=0; wait $pid || rc=$?
  [ $rc = "${signal#*:}" ] || { echo "$signal: ended with $rc"; cat err; exit 1; }
  last=$(jq -s 'map(.step) | max' part/metrics.jsonl)
  [ "$(basename "$(newest part)")" = "$(printf 'step-%08d' "$last")" ] || { echo "$signal: $last steps, saved $(newest part)"; exit 1; }
  [ ! -e part/model.safetensors ]
  [ ! -e part/.lock ]
  at=$((at + 8))
  resume=--resume
done
has err interrupted
ends 0 $run -o part --resume
same_run whole part

# Asked twice, it dies of it, and what was saved before is there.
${run/--save-every 0/--save-every 1} -o twice 2>err &
pid=$!
until_lines twice/metrics.jsonl 4
kill -TERM $pid; kill -TERM $pid 2>/dev/null || true
rc=0; wait $pid || rc=$?
[ $rc = 143 ] || [ $rc = 75 ] || { echo "twice: ended with $rc"; exit 1; }
ends 0 $run -o twice --resume
same_run whole twice

# At any moment, validation and loading too.
seed=${RM_TEST_SEED:-$$}
echo "RM_TEST_SEED=$seed"
RANDOM=$seed
for _ in 1 2 3 4 5 6 7 8; do
  $run -o random --resume 2>err &
  pid=$!
  sleep "$(awk "BEGIN { print 0.2 + 1.2 * $RANDOM / 32768 }")"
  kill -TERM $pid 2>/dev/null || true
  rc=0; wait $pid || rc=$?
  [ $rc = 75 ] || [ $rc = 0 ] || { echo "at a random moment: ended with $rc"; cat err; exit 1; }
done
ends 0 $run -o random --resume
same_run whole random
