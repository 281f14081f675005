#!/bin/sh
# Turns a file of preferences into a benchmark, judges it, and scores the judge with intervals, biases and content-free judges.
# Usage: examples/05-score-own-pairs.sh [more rm-judge flags]; rm-judge and rm-eval must be on the PATH.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rm-eval prepare pairs "$here/pairs.jsonl" | rm-judge --max-tokens 1024 "$@" | rm-eval score
