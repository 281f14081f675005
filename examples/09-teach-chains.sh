#!/bin/sh
# From pairs to chains of reasoning: one set, a teacher's first try, a second try that is told the verdict, and what is kept.
# Usage: examples/09-teach-chains.sh [more flags of teach and correct, such as -m MODEL]; rm-distill must be on the PATH, and jq.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rm-distill mix "$here/pairs.jsonl" --on-error skip |
  rm-distill teach --max-tokens 1024 "$@" |
  rm-distill correct --max-tokens 1024 "$@" |
  jq -r '[.chain.status, .chain.pass, .chain.verdict, .chain.reason, (.response // .chain.wrong_response // "")[:60]] | @tsv'
