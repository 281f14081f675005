# TERM and USR1 end a run with 75, INT with 130: the state after the last step is saved, and --resume goes on to the bits and figures of
# a run that was never stopped.
. "$RM_SOURCE/tests/cli/rl.bash"
tiny
labelled 50 >pairs.jsonl
run() { $rl --reward-cmd 'python3 odd.py' --mini-batch-size 8 --epochs 5 --save-every 0 --val 0.2 --val-every 5 --metrics "$1/metrics.jsonl" -o "$@"; }
run whole
total=$(jq -s 'map(.step) | max' whole/metrics.jsonl)
[ "$total" -ge 20 ]
at=3
resume=
for signal in TERM:75 USR1:75 INT:130; do
  # shellcheck disable=SC2086
  run part $resume 2>err &
  pid=$!
  until_lines part/metrics.jsonl $at
  child=$(pgrep -P $pid rm-rl || echo $pid)
  kill -"${signal%:*}" "$child"
  rc=0; wait $pid || rc=$?
  [ $rc = "${signal#*:}" ] || { echo "$signal: ended with $rc"; cat err; exit 1; }
  last=$(jq -s 'map(.step) | max' part/metrics.jsonl)
  [ "$(basename "$(newest part)")" = "$(printf 'step-%08d' "$last")" ] || { echo "$signal: $last steps, saved $(newest part)"; exit 1; }
  [ ! -e part/model.safetensors ]
  [ ! -e part/.lock ]
  at=$((at + 7))
  resume=--resume
done
has err interrupted
ends 0 run part --resume
same whole/model.safetensors part/model.safetensors
same whole/rollouts.jsonl part/rollouts.jsonl
same whole/best/validation.json part/best/validation.json
rl_figures whole/metrics.jsonl >a
rl_figures part/metrics.jsonl >b
same a b
