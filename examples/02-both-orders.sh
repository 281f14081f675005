#!/bin/sh
# Asks about every pair twice, the second time with the answers the other way round, and counts how often the judge agreed
# with itself. Usage: examples/02-both-orders.sh [more rm-judge flags]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rm-judge -i "$here/pairs.jsonl" --max-tokens 1024 --both-orders "$@" |
  jq -s 'map(.judgment.consistent) | {agreed: map(select(. == true)) | length, disagreed: map(select(. == false)) | length,
         unknown: map(select(. == null)) | length}'
