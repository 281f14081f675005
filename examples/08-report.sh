#!/bin/sh
# Judges pairs, and draws the judgments as one HTML page.
# Usage: examples/08-report.sh [PAGE]; rm-judge and rm-eval must be on the PATH.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
page=${1:-report.html}
rm-eval prepare pairs "$here/pairs.jsonl" | rm-judge --max-tokens 1024 --logprobs | rm-eval report -o "$page"
echo "open $page in a browser"
