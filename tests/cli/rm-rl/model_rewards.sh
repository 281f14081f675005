# A program gives the rewards: it sees the whole record, a batch it fails at is left out and told with its last words, and the third in a
# row ends the run with 69. One that is not there ends it before anything is loaded.
. "$RM_SOURCE/tests/cli/rl.bash"
tiny
labelled 40 >pairs.jsonl
run="${rl/--quiet/} --mini-batch-size 8"

cat >seen.py <<'PY'
import json, sys
for line in sys.stdin:
    open("seen.jsonl", "a").write(line)
    print('{"reward": 0.5}', flush=True)
PY
ends 0 $run -o seen --steps 2 --reward-cmd 'python3 seen.py'
lines seen.jsonl 48
none 'select(.question == null or .winner == null or .rollout.label != .winner or (.rollout.reply | type) != "string" or .rollout.step > 2)' seen.jsonl
jq -es 'map(.id) | unique | length == 16' seen.jsonl >/dev/null
jq -es 'map(.flat == 1 and .reward_mean == 0.5 and .grad_norm >= 0) | all' out >/dev/null

# The second batch fails.
cat >second.py <<'PY'
import os, sys
n = 0
for line in sys.stdin:
    n += 1
    if n > 24 and not os.path.exists("failed"):
        open("failed", "w")
        sys.exit("no more today")
    print(n % 2, flush=True)
PY
ends 0 $run -o second --reward-cmd 'python3 second.py'
has err "no more today"
has err "are missing, so it is left out"
jq -es 'map(.step) == [1, 2, 3, 4]' out >/dev/null  # of five batches

ends 69 $run -o never --reward-cmd 'while read -r line; do echo soon; done'
has err "soon"
[ ! -s out ]
[ ! -e never/model.safetensors ]
ends 69 $run -o slow --reward-cmd 'sleep 100' --reward-timeout 0.3
ends 69 $run -o missing --reward-cmd 'no-such-program-here'
has err no-such-program-here
