#!/bin/sh
# Judges the example pairs with the default model and prints what it preferred: id, preferred answer, right or not.
# Usage: examples/01-judge-file.sh [more rm-judge flags]; rm-judge and jq must be on the PATH.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rm-judge -i "$here/pairs.jsonl" --max-tokens 1024 "$@" |
  jq -r '[.id, .judgment.preferred // "no verdict", .judgment.correct] | map(tostring) | join("\t")'
