#!/usr/bin/env bash
# make goldens: makes every golden file again and compares the probes with the implementations they must equal. $PYTHON has the
# libraries (scripts/each.sh); the probes are in build/bin. Ends with 1 where anything differs. Some minutes.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}
cmake --build "$build" --target verdict_probe distill_probe grpo_probe event_probe text-probe folder-probe save-probe train-probe grpo-step-probe token-probe logit-probe rm-eval rm-distill
failed=()
make_golden() {
  echo "== $*"
  "$PYTHON" "$@" || failed+=("$1")
}
make_golden goldens/base.py
make_golden goldens/unicode_tables.py --check
make_golden goldens/dequant.py
make_golden goldens/safetensors_write.py
make_golden goldens/checkpoints.py --probe "$build/bin/save-probe"
make_golden goldens/bradley_terry.py
make_golden goldens/eval_stats.py
make_golden goldens/eval_rules.py write
make_golden goldens/eval_rules.py compare "$build/bin/rm-eval"
make_golden goldens/mix_rules.py "$build/bin/rm-distill" 1000
make_golden goldens/verdict.py compare "$build/bin/verdict_probe"
make_golden goldens/distill_rules.py golden tests/golden/distill/rules.jsonl
make_golden goldens/distill_rules.py compare "$build/bin/distill_probe"
make_golden goldens/grpo.py write
make_golden goldens/grpo.py compare "$build/bin/grpo_probe"
make_golden goldens/event_files.py
make_golden goldens/event_files.py compare "$build/bin/event_probe"
make_golden goldens/tokens.py --write
make_golden goldens/templates.py --write
make_golden goldens/recipe.py
make_golden goldens/model_packs.py
make_golden goldens/model_parity.py --probe "$build/bin/logit-probe"
make_golden goldens/model_folders.py --probe "$build/bin/folder-probe"
make_golden goldens/train_parity.py --golden tests/golden/train
make_golden goldens/train_parity.py "$build"
make_golden goldens/grpo_step.py "$build/bin/grpo-step-probe"
git status --short tests/golden
((${#failed[@]} == 0)) || { echo "differ: ${failed[*]}"; exit 1; }
