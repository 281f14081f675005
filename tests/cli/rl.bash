# What scripts about rm-rl share, with all of train.bash: sourced, not run.
. "$RM_SOURCE/tests/cli/train.bash"

# labelled N: short labelled pairs of this project's own, each better answer as A and B by turns.
labelled() {
  python3 - "$1" <<'PY'
import json, sys
topics = ["Why is the sky blue?", "What is 17 + 25?", "Name a prime above 100.", "How do I boil an egg?", "Is the earth flat?"]
for i in range(int(sys.argv[1])):
    print(json.dumps({"id": i, "question": topics[i % len(topics)] + f" In {i + 3} words.", "answer_a": f"So it is {i}.", "answer_b": f"No, {i}.", "winner": "AB"[i % 2]}))
PY
}

# A program for --reward-cmd: a reward that depends on the reply alone, so that groups of a model of random weights are not flat.
cat >odd.py <<'PY'
import json, sys
for line in sys.stdin:
    print(sum(json.loads(line)["rollout"]["reply"].encode()) % 5, flush=True)
PY
printf '{"user": "Q {question} A {answer_a} B {answer_b}"}' >prompt.json

# Short of an output folder: a run whose bits are the same each time. 10 steps of 4 prompts where there are 40 pairs.
# shellcheck disable=SC2034  # of the scripts that source this
rl="rm-rl -m tiny -i pairs.jsonl --prompt prompt.json --lr 1e-2 --batch-size 8 --mini-batch-size 4 --rollouts 3 --max-tokens 12 --deterministic --threads 1 --quiet"

# rl_figures FILE: metrics without what a clock or the machine says.
rl_figures() { jq -c 'del(.seconds, .tokens_per_s, .memory_bytes, .seconds_rollout, .seconds_reward, .seconds_reference, .seconds_learn)' "$1"; }
