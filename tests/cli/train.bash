# What scripts about rm-distill train share, with all of expect.bash: sourced, not run.
. "$RM_SOURCE/tests/cli/expect.bash"

# tiny [FLAGS]: in the folder `tiny` a model that trains in milliseconds, with the vocabulary of a real one (tiny_model.py). The script is
# skipped where there is no real one, or no Torch object.
tiny() {
  small_model; engine
  # shellcheck disable=SC2154  # small_model() sets it
  [ -d real ] || folder-probe texts "$model" real
  python3 "$RM_SOURCE/tests/cli/tiny_model.py" real tiny "$@"
}

# chains N: short chains of this project's own, A and B by turns, as teach writes them.
chains() {
  python3 - "$1" <<'PY'
import json, sys
topics = ["Why is the sky blue?", "What is 17 + 25?", "Name a prime above 100.", "How do I boil an egg?", "Is the earth flat?"]
for i in range(int(sys.argv[1])):
    question, side = topics[i % len(topics)] + f" In {i + 3} words. A: so. B: no.", "AB"[i % 2]
    print(json.dumps({"id": i, "messages": [{"role": "user", "content": question}], "winner": side, "chain": {"status": "kept", "verdict": side, "pass": 1, "teacher": "t"},
                      "response": f"Item {i} is " + "better " * (i % 5 + 1) + f"<answer>[[{side}]]</answer>"}))
PY
}

# Short of an output folder: a run whose bits are the same each time. 12 steps where there are 40 chains.
# shellcheck disable=SC2034  # of the scripts that source this
train="rm-distill train -m tiny -i chains.jsonl --lr 1e-2 --epochs 3 --batch-size 10 --deterministic --threads 1 --quiet"

# figures DIR: its metrics without what a clock or the machine says.
figures() { jq -c 'del(.seconds, .tokens_per_s, .memory_bytes)' "$1/metrics.jsonl"; }

# same_run A B: the same weights, and the same figures in the same order.
same_run() {
  same "$1/model.safetensors" "$2/model.safetensors"
  figures "$1" >figures_a
  figures "$2" >figures_b
  same figures_a figures_b
}

# newest DIR: its newest checkpoint.
newest() { find "$1/checkpoints" -maxdepth 1 -name 'step-*' ! -name '*.*' | sort | tail -1; }

# until_lines FILE N: waits until the file has so many lines; half a minute at most.
until_lines() {
  for _ in $(seq 1500); do
    [ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ] && return
    sleep 0.02
  done
  echo "$1 never had $2 lines"
  exit 1
}

# flip FILE OFFSET: one bit of the byte there; from the end where the offset is negative.
flip() {
  python3 - "$1" "$2" <<'PY'
import os, sys
with open(sys.argv[1], "r+b") as f:
    at = int(sys.argv[2])
    f.seek(at, os.SEEK_END if at < 0 else os.SEEK_SET)
    byte = f.read(1)[0]
    f.seek(-1, os.SEEK_CUR)
    f.write(bytes([byte ^ 16]))
PY
}
