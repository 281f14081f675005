#!/usr/bin/env bash
# make bench: beside llama.cpp on this machine, same GGUF, same pairs. Needs the RM-Bench pairs ($RM_SHARED). Prints conditions;
# nothing here is a test. The first run builds llama.cpp.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}
export PATH="$PWD/$build/bin:$PATH"
bench/peers.sh
echo "== rm-judge --help, --version (median of 20)"
for flag in --help --version; do
  "$PYTHON" - "$build/bin/rm-judge" "$flag" <<'P'
import statistics, subprocess, sys, time
def once():
    began = time.perf_counter()
    subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
print(f"{sys.argv[2]:10} {1e3 * statistics.median(once() for _ in range(20)):.1f} ms")
P
done
echo "== rankings within 3 N calls beside every pair (judges of known noise)"
ranking_probe
echo "== matrix kernels, and forward steps beside llama.cpp (its batch of 32 takes ten minutes)"
cmake --build "$build" --target matmul-probe rates-probe
matmul-probe
"$PYTHON" bench/engine.py
echo "== encoding text beside tokenizers"
cmake --build "$build" --target text-probe
RM_TEXT_PROBE="$build/bin/text-probe" "$PYTHON" bench/tokenizer.py
echo "== a million judged records beside jq and DuckDB"
bench/eval.sh
echo "== a million pairs mixed"
bench/mix.sh
echo "== an endpoint that answers at once"
cmake --build "$build" --target zero-server
"$PYTHON" bench/endpoint.py "$build"
echo "== pairs per minute"
"$PYTHON" bench/judge_vs_llama.py --pairs 60
"$PYTHON" bench/judge_vs_llama.py --pairs 8 --slots 2 --six
echo "== guesses ahead, one reply at a time"
"$PYTHON" bench/drafts.py
echo "== agreement with llama.cpp's own greedy traces"
traces=${RM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rm-r1}/traces
mkdir -p "$traces"
"$PYTHON" goldens/llama_traces.py "$traces"
"$PYTHON" bench/agreement.py "$traces" "$build" --free
echo "== both orders, three samples"
"$PYTHON" bench/both_orders.py "$build"
echo "== chains of a teacher, rubrics vetted (RMB pairs)"
rmb=$("$PYTHON" -c 'import sys; sys.path.insert(0, "bench"); import llama; print(llama.shared() / "rmb")')
"$PYTHON" bench/chains.py "$build" "$rmb"
"$PYTHON" bench/rubric_vet.py "$build" "$rmb"
echo "== training beside transformers"
cmake --build "$build" --target train-probe
"$PYTHON" bench/train.py "$build"
"$PYTHON" bench/train.py "$build" --keep --only packed
echo "== a GRPO step beside TRL"
bench/peers.sh trl
"$PYTHON" bench/grpo.py "$build"
echo "== eight chains learned by heart"
bench/overfit.sh "$build"
echo "== whether 200 chains teach the form"
"$PYTHON" bench/learns.py "$build"
