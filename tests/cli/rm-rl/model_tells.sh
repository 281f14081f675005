# What a run says, and where: counts, values, plan and validation on standard error, nothing with --quiet; figures as JSON lines on standard
# output or in a file, and as event files; rollouts to look at; a summary; and the model, which judges.
. "$RM_SOURCE/tests/cli/rl.bash"
tiny
labelled 50 >pairs.jsonl
run="${rl/--quiet/} --val 0.2 --val-every 4 --reward-cmd 'python3 odd.py'"
told() { eval "ends 0 $run $*"; }

told -o told --summary s.json --tensorboard tb
steps=$(jq .total_steps s.json)
for text in "to learn from" "to validate on" "reward     python3 odd.py" "masters " "reference " "together" "step 0: right in 0.0 %" "step 4: right in" \
  "$steps steps in " "the model is in told" "in told/best"; do has err "$text"; done
[ "$(grep -vc '^rm-rl: ' err)" = 0 ]
json out
cp out told.jsonl
# (The sampler's gap is that of bf16 where the batch begins; its second step has moved on from what was sampled.)
none 'select(.loss) | select(.lr == null or .grad_norm == null or .tokens_per_s == null or .reward_std == null or .entropy <= 0 or .kl < 0
  or (.step % 2 == 1 and .gap_max > 0.01) or .length_mean > 12 or .truncated > 1 or .rollouts != 12 or .prompts != 4 or .clip_fraction == null)' told.jsonl
jq -es "map(select(.loss).step) == [range(1; $steps + 1)] and (map(select(.val_parsed != null).step) | .[0:3]) == [0, 4, 8]" told.jsonl >/dev/null
jq -es 'map(.reward_mean // 0) | add > 5' told.jsonl >/dev/null                       # the program's, not the rule's -1
jq -es 'map(select(.loss) | .seconds - .seconds_rollout - .seconds_reward - .seconds_reference - .seconds_learn) | all(. < 1e-6 and . > -1e-6)' told.jsonl >/dev/null
jq -e ".records == 50 and .learned + .validated / 2 == 50 and .left_out == {} and .steps == $steps and .last_step.step == $steps and
  .first_validation.step == 0 and .last_validation.step == $steps and .best.step == 4 and .tokens > 0 and .device == \"cpu\" and .threads == 1" s.json >/dev/null
has "$(find tb -type f)" train/reward_mean
has "$(find tb -type f)" val/verdict_accuracy
# Of each batch, two prompts' rollouts; their advantages are those of their rewards.
json told/rollouts.jsonl
jq -es "length == 6 * ($steps / 2) and (map(.step) | unique) == [range(1; $steps + 1; 2)]" told/rollouts.jsonl >/dev/null
python3 - told/rollouts.jsonl <<'PY'
import itertools, json, statistics, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
for _, group in itertools.groupby(rows, key=lambda r: (r["step"], r["line"])):
    group = list(group)
    rewards = [r["reward"] for r in group]
    assert rewards == [sum(r["reply"].encode()) % 5 for r in group]
    mean, std = statistics.mean(rewards), statistics.stdev(rewards)
    for r in group:
        assert abs(r["advantage"] - (0 if std == 0 else (r["reward"] - mean) / (std + 1e-6))) < 1e-9, r
    assert not any(r["right"] for r in group) and all(r["label"] == "AB"[(r["line"] + 1) % 2] for r in group)
PY
jq -e '.step == 4' told/best/validation.json >/dev/null
[ -e told/best/model.safetensors ]
ends 0 rm-judge -m told -i pairs.jsonl --max-tokens 4 --form plain
ends 0 rm-judge -m told/best -i pairs.jsonl --max-tokens 4 --form plain
ends 0 rm-rl plot told.jsonl -o curves.svg
has curves.svg Reward

# The same, silent and to a file.
told -o quiet --quiet --metrics quiet.jsonl --samples-file elsewhere.jsonl
[ ! -s out ]
[ ! -s err ]
[ ! -e quiet/rollouts.jsonl ]
same told/model.safetensors quiet/model.safetensors
same told/rollouts.jsonl elsewhere.jsonl
rl_figures told.jsonl >a
rl_figures quiet.jsonl >b
same a b

# LoRA leaves an adapter; whole batches and steps are counted.
ends 0 $rl -o lora --lora-rank 2 --steps 3 --reward-cmd 'python3 odd.py'
jq -es 'map(.step) == [1, 2, 3, 4]' out >/dev/null  # the batch that comes to three
[ -e lora/adapter_model.safetensors ]
[ ! -e lora/model.safetensors ]
ends 0 $rl -o merged --lora-rank 2 --steps 2 --merge
[ -e merged/model.safetensors ]
ends 0 ${rl/--quiet/} -o more --adapter lora --steps 2
has err "against the model without the adapter"
[ -e more/adapter_model.safetensors ]

# A finished run is made longer.
ends 0 $rl -o lora --lora-rank 2 --steps 6 --reward-cmd 'python3 odd.py' --resume
jq -es 'map(.step) == [5, 6]' out >/dev/null
ends 2 $rl -o lora --lora-rank 2 --steps 6 --reward-cmd 'python3 odd.py' --resume --rollouts 4
has err "rollouts 3 of each prompt"
ends 2 $rl -o lora --lora-rank 2 --steps 6 --resume
has err "reward python3 odd.py"
ends 2 $rl -o lora --lora-rank 2 --steps 6 --reward-cmd 'python3 odd.py'
has err "--resume goes on with it"
