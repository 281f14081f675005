#!/usr/bin/env bash
# Eight chains learned by heart: every weight of SmolLM2-135M on the first eight of examples/chains.jsonl. Prints the loss of the first
# and the last step; exit status 1 where the last is not below 0.05. Usage: bench/overfit.sh [BUILD [more flags of train]]
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
shift || true
model=${XDG_DATA_HOME:-$HOME/.local/share}/rm-r1/models/smollm2-135m-instruct-q4_1.gguf
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
head -8 examples/chains.jsonl >"$work/chains.jsonl"
"$build/bin/rm-distill" train -m "$model" -i "$work/chains.jsonl" -o "$work/model" --lr 1e-3 --schedule constant --warmup 0 --epochs 12 \
  --batch-size 8 --save-every 0 "$@"
jq -s '{steps: length, first: .[0].loss, last: .[-1].loss}' -c "$work/model/metrics.jsonl"
jq -se '.[-1].loss < 0.05' "$work/model/metrics.jsonl" >/dev/null
