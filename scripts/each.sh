#!/usr/bin/env bash
# make goldens, make bench: runs goldens/run.sh or bench/run.sh with a Python that has what those scripts compare with.
# The oracle lives in the private folder and is made here, never by the build or the tests. Usage: scripts/each.sh goldens|bench
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${RM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rm-r1}
oracle=$cache/oracle
if ! "$oracle/bin/python" -c 'import torch, transformers, tokenizers, gguf, jinja2, safetensors, peft, scipy, tensorboard' 2>/dev/null; then
  echo "making the oracle in $oracle" >&2
  python3 -m venv "$oracle" || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
  "$oracle/bin/python" -m pip install -q --disable-pip-version-check -r scripts/oracle.txt
fi
export PYTHON=$oracle/bin/python
exec bash "$1/run.sh"
