#!/bin/sh
# Judges the same pairs twice, with one sample and with the majority of three in both orders, and says whether that differs.
# Usage: examples/06-compare-judges.sh; rm-judge and rm-eval must be on the PATH.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm-eval prepare pairs "$here/pairs.jsonl" -o "$work/pairs.jsonl"
rm-judge --max-tokens 1024 -i "$work/pairs.jsonl" -o "$work/one.jsonl"
rm-judge --max-tokens 1024 --samples 3 --both-orders -i "$work/pairs.jsonl" -o "$work/three.jsonl"
rm-eval compare "$work/one.jsonl" "$work/three.jsonl"
