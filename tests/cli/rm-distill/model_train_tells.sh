# What a run says, and where: counts, values, plan and validation on standard error, nothing with --quiet; figures as JSON lines in a file or
# on standard output and as event files; a summary; a line at a terminal that says how far it is; and with --dry-run all that is known
# before weights are loaded.
. "$RM_SOURCE/tests/cli/train.bash"
tiny
chains 50 >chains.jsonl
jq -c '.chain.status = "wrong" | del(.response)' chains.jsonl | sed -n 1,2p >>chains.jsonl
run="${train/--quiet/} --val 0.2 --val-every 5 --val-generate 2"

# Before.
ends 0 $run --dry-run
[ ! -s err ]
for text in "40 chains to learn (2," "tokens, " "10 to validate on; left out: 2 not_kept" "optimizer  AdamW, betas 0.9 and 0.95" "rate       0.01, cosine" \
  "batch      10 chains, a mean over every 1 chain, 3 epochs" "loss       on the response" "trained    every weight" \
  "masters          6.1 MiB  1,591,456 numbers in f32" "engine         515.0 MiB" "kept layers" "together" "usable" \
  "steps      12, 1 of them warm-up" "rates      1: 0, 2: 0.01, 6: 0.007369, 12: 0.001182"; do has out "$text"; done
hasnt out "{"
mv tiny/model.safetensors hidden  # what it says comes from the shapes
python3 - hidden tiny/model.safetensors <<'PY'
import struct, sys
data = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", data[:8])[0]
with open(sys.argv[2], "wb") as f:
    f.write(data[:8 + n])
    f.truncate(len(data))
PY
cp out before
ends 0 $run --dry-run -o nowhere
grep -v usable before >a
grep -v usable out >b
same a b
[ ! -e nowhere ]
mv hidden tiny/model.safetensors

# During.
ends 0 $run -o told --summary s.json --tensorboard tb
[ ! -s out ]
for text in "40 chains to learn" "masters " "together" "step 0: held-out loss 10." "step 5: held-out loss" "verdicts in " "12 steps in " \
  "the model is in told"; do has err "$text"; done
[ "$(grep -vc '^rm-distill: ' err)" = 0 ]
json told/metrics.jsonl
none 'select(.loss) | select(.step == null or .lr == null or .grad_norm == null or .tokens == null or .tokens_per_s == null or .seconds == null)' told/metrics.jsonl
jq -es 'map(select(.loss).step) == [range(1; 13)] and map(select(.val_loss).step) == [0, 5, 10, 12]' told/metrics.jsonl >/dev/null
jq -e '.records == 52 and .learned == 40 and .validated == 10 and .left_out == {not_kept: 2} and .steps == 12 and .total_steps == 12 and
  .first_validation.step == 0 and .last_validation.step == 12 and .tokens > 6000 and .step_seconds > 0 and .seconds > 0 and
  .parameters == 1591456 and .trained == 1591456 and .device == "cpu" and .threads == 1 and .seed == 0 and .loss > 0' s.json >/dev/null
[ "$(jq -s 'map(.tokens // 0) | add' told/metrics.jsonl)" = "$(jq .tokens s.json)" ]
[ "$(find tb -type f | wc -l)" = 1 ]
has "$(find tb -type f)" train/loss
has "$(find tb -type f)" val/verdict_accuracy
ends 0 $run -o quiet --quiet
[ ! -s out ]
[ ! -s err ]
same_run told quiet
ends 0 $run -o stdout --quiet --metrics -
[ ! -e stdout/metrics.jsonl ]
mv out stdout/metrics.jsonl
same_run told stdout
ends 0 rm-distill plot told/metrics.jsonl -o curves.svg
has curves.svg "<svg"
set +e
$run -o closed --metrics - 2>err | head -1 >first
rc=${PIPESTATUS[0]}
set -e
[ "$rc" = 141 ] || { echo "a reader that left: $rc"; exit 1; }
lines first 1

# Each step once, however often it was begun: a run whose figures are ahead of its checkpoint.
$run -o again --quiet --save-every 4 --epochs 6 &
pid=$!
until_lines again/metrics.jsonl 10
kill -KILL $pid
wait $pid || true
ends 0 $run -o again --save-every 4 --epochs 6 --resume --tensorboard tb2
jq -es 'map(select(.loss).step) == [range(1; 25)] and map(select(.val_loss).step) == [0, 5, 10, 15, 20, 24]' again/metrics.jsonl >/dev/null

# At a terminal.
command -v script >/dev/null || exit 0
TERM=xterm script -qec "stty cols 120; $run --epochs 8 -o terminal" typescript </dev/null >/dev/null
tr '\r' '\n' <typescript >drawn
grep -qE '[0-9,]+/[0-9,]+ tokens, [0-9.]+/s, [0-9]+s left, step [0-9]+/32, loss [0-9.]+, [0-9.]+ MiB' drawn || { echo "no such line:"; grep -a tokens drawn | tail -3; exit 1; }
grep -q 'validation: [0-9]/2 verdicts' drawn || echo "validation was too fast to be seen"
