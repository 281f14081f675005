#!/usr/bin/env bash
# Runs one script of tests/cli in a scratch folder that is removed afterwards, with the programs of the build first in PATH.
# The script fails at the first command that fails; exit 77 means skipped. RM_BUILD and RM_SOURCE are set.
# Usage: bash tests/cli/run.sh SCRIPT
set -euo pipefail
RM_SOURCE=${RM_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
RM_BUILD=${RM_BUILD:-$RM_SOURCE/build}
export RM_SOURCE RM_BUILD PATH="$RM_BUILD/bin:$PATH"
script=$(realpath "$1")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
bash -euo pipefail "$script"
