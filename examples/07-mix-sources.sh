#!/bin/sh
# Makes one set of three sources in the columns of the published ones: without one origin, without repeats, without what a benchmark
# asks, the winner alternating; a part for distillation and the rest for reinforcement learning. No model is needed.
# Usage: examples/07-mix-sources.sh; rm-distill must be on the PATH.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$here/sources"
rm-distill mix chat.jsonl code.jsonl math.jsonl --exclude source=magpie_ultra --dedup pair --decontaminate benchmark.json \
  --split distill=0.5 --rest "$work/rl.jsonl" -o "$work/distill.jsonl"
for part in distill rl; do
  echo "$part:"
  sed 's/^/  /' "$work/$part.jsonl"
done
