#!/usr/bin/env bash
# Judges the first pair of examples/pairs.jsonl at the terminal. Usage: scripts/demo.sh BUILD
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
pairs=examples/pairs.jsonl
pair=$(head -n 1 "$pairs")
field() { jq -rj "$1" <<<"$pair"; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
field '.answer_a // .chosen' >"$scratch/a.txt"
field '.answer_b // .rejected' >"$scratch/b.txt"
question=$(field '.question // .prompt')
show() { printf '%s\n%s\n\n' "$1" "$2" | fold -s -w 100; }
show "Question" "$question"
show "Answer A" "$(cat "$scratch/a.txt")"
show "Answer B" "$(cat "$scratch/b.txt")"
printf "rm-judge -q '...' -a a.txt -b b.txt --max-tokens 1024\n\n"
"$build/bin/rm-judge" -q "$question" -a "$scratch/a.txt" -b "$scratch/b.txt" --max-tokens 1024
