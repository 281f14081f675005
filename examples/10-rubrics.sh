#!/bin/sh
# Rubrics as data: what those of rubrics.jsonl weigh, and which of them make the judge find the better answer.
# Usage: examples/10-rubrics.sh [more flags of vet, such as -m MODEL]; rm-rubric must be on the PATH, and jq.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rm-rubric stats -i "$here/rubrics.jsonl"
rm-rubric vet --max-tokens 1024 -i "$here/rubrics.jsonl" "$@" |
  jq -r '[.vet.reason, .vet.with.correct, .vet.without.correct, (.prompt // .question)[:60]] | @tsv'
