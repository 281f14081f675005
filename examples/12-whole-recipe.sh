#!/bin/sh
# The whole of the paper in small: mix, teach, correct, train, rl, judge, eval. Pairs and teacher are the gym's, so nothing but this machine
# is needed; a few minutes on two cores, which is too short to learn to judge (examples/gym/learn.py takes the time).
# Usage: examples/12-whole-recipe.sh [FOLDER [MODEL]]; the programs must be on the PATH. The model: make model NAME=smollm2-135m
set -eu
gym=$(cd "$(dirname "$0")/gym" && pwd)
out=${1:-recipe}
model=${2:-${XDG_DATA_HOME:-$HOME/.local/share}/rm-r1/models/smollm2-135m-instruct-q4_1.gguf}
prompt=$gym/prompt.json
python3 "$gym/make_pairs.py" --out "$out/pairs" --seed 1 --sft 40 --rl 160 --tune 20 --held 60

# Labelled pairs of several sources become one set, a fifth of it for the teacher.
rm-distill mix "$out/pairs/sft.jsonl" "$out/pairs/rl.jsonl" --split distill=0.2 --rest "$out/rl.jsonl" -o "$out/distill.jsonl"

# A first teacher is wrong in a quarter of them; a second one is told the verdict. A served model would be named with -m URL.
rm-distill teach -i "$out/distill.jsonl" --prompt "$prompt" --api-model first --emit-batch "$out/first.jsonl"
python3 "$gym/teacher.py" "$out/distill.jsonl" "$out/first.jsonl" --miss 0.25 > "$out/first-results.jsonl"
rm-distill teach -i "$out/distill.jsonl" --prompt "$prompt" --api-model first --from-batch "$out/first-results.jsonl" -o "$out/taught.jsonl"
rm-distill correct -i "$out/taught.jsonl" --api-model second --emit-batch "$out/second.jsonl"
python3 "$gym/teacher.py" "$out/distill.jsonl" "$out/second.jsonl" > "$out/second-results.jsonl"
rm-distill correct -i "$out/taught.jsonl" --api-model second --from-batch "$out/second-results.jsonl" -o "$out/chains.jsonl"

# The model learns the chains, and then from its own judgements of pairs that have nothing but a label.
rm-distill train -m "$model" -i "$out/chains.jsonl" -o "$out/sft" --lr 3e-4 --batch-size 8 --epochs 3 --save-every 0
rm-rl -m "$out/sft" -i "$out/rl.jsonl" -o "$out/rl" --prompt "$prompt" --lora-rank 16 --merge --lr 3e-4 --batch-size 8 --rollouts 6 \
  --max-tokens 48 --steps 6 --save-every 0 --metrics "$out/rl-metrics.jsonl"
rm-rl plot "$out/rl-metrics.jsonl" -o "$out/rl.svg"

# Both judge pairs that nobody trained on, and are set against each other.
rm-eval prepare pairs "$out/pairs/held.jsonl" -o "$out/held.jsonl"
for judge in sft rl; do
  rm-judge -m "$out/$judge" -i "$out/held.jsonl" -o "$out/judged-$judge.jsonl" --prompt "$prompt" --max-tokens 48 --both-orders
done
rm-eval compare "$out/judged-sft.jsonl" "$out/judged-rl.jsonl"
