#!/bin/sh
# Judges with a prompt of one's own, first showing what the model will read. Usage: examples/04-own-prompt.sh [flags]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
head -n 1 "$here/pairs.jsonl" | rm-judge --prompt "$here/prompt.json" --show-prompt "$@"
head -n 1 "$here/pairs.jsonl" | rm-judge --prompt "$here/prompt.json" --max-tokens 512 "$@"
