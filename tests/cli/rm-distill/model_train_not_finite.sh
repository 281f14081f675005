# Gradients that are not finite cost their steps, the third in a row ends a run with 6, and nothing that is on the disk is poisoned.
. "$RM_SOURCE/tests/cli/train.bash"
tiny --norm 1e38
chains 40 >chains.jsonl
run="${train/--quiet/} --save-every 1"
ends 6 $run -o part
has err "step 3: the gradient is not finite; the step was not taken"
has err "three steps in a row had gradients that are infinite or NaN"
lines part/metrics.jsonl 3
json part/metrics.jsonl
none 'select(.refused != 1 or .grad_norm != null)' part/metrics.jsonl
[ ! -e part/model.safetensors ]
python3 - "$(newest part)" <<'PY'
import array, json, math, struct, sys
data = open(sys.argv[1] + "/weights-00001.safetensors", "rb").read()
n = struct.unpack("<Q", data[:8])[0]
floats = array.array("f", data[8 + n:])
assert len(floats) > 4_000_000 and all(map(math.isfinite, floats)), "a checkpoint with numbers that are not finite"
PY

# Weights that are not finite to begin with.
tiny --norm inf
ends 4 $run -o other
has err "infinite or NaN"

# The highest rate there is: large steps, but finite ones.
tiny
ends 0 $run --lr 1 --warmup 0 --clip-norm 0 -o fast
none 'select(.grad_norm == null or .loss == null)' fast/metrics.jsonl
