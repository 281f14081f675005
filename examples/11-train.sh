#!/bin/sh
# Trains a small judge on eleven chains written by hand: LoRA on a 135M model, about a minute on two cores. It learns the form.
# Usage: examples/11-train.sh [FOLDER [more flags of train]]; rm-distill and rm-judge must be on the PATH.
# The model: make model NAME=smollm2-135m
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-trained}
[ $# -eq 0 ] || shift
model=${XDG_DATA_HOME:-$HOME/.local/share}/rm-r1/models/smollm2-135m-instruct-q4_1.gguf
rm-distill train -m "$model" -i "$here/chains.jsonl" -o "$out" --lora-rank 8 --lr 2e-3 --batch-size 4 --epochs 2 "$@"
rm-distill plot "$out/metrics.jsonl" -o "$out/run.svg"
rm-judge -m "$model" --adapter "$out" -q "What is the capital of Australia?" -a "Canberra." -b "Sydney, I think." --max-tokens 300
