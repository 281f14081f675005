# What is no labelled pair is counted and told by file and line, and ends a run with 1, or with --on-error stop with 3; pairs without a
# label are refused all together, or left out where that is asked for; no prompt is cut to fit. Nothing is loaded for that.
. "$RM_SOURCE/tests/cli/rl.bash"
small_model
labelled 20 >good.jsonl
run="rm-rl -m $model --batch-size 4 --dry-run"

ends 0 $run -i good.jsonl
[ ! -s err ]
for text in "20 pairs to learn from (prompts of " "A is right in 50.0 %" "rollouts   7 of each prompt, temperature 1, top-p 1, at most 8,192 tokens" "reward     rm-r1" \
  "batch      4 prompts, 4 an optimizer step, 1 epoch" "penalty 0.001 (k3), micro-token-mean over every 4 rollouts" "AdamW, betas 0.9 and 0.999, weight decay 0.01" \
  "rate       1e-06, constant" "trained    every weight" "reference" "together" "steps      5, 0 of them warm-up"; do has out "$text"; done
ends 0 $run -i good.jsonl --kl 0
hasnt out reference
ends 0 $run -i good.jsonl --batch-size 3 --mini-batch-size 2 --epochs 2 --val 0.3
has out "of them left over in each epoch"
has out "to validate on"

# No label, and ties.
{ sed -n 1,7p good.jsonl; sed -n 8,9p good.jsonl | jq -c 'del(.winner)'; sed -n 10p good.jsonl | jq -c '.winner = "tie"'; sed -n 11,20p good.jsonl; } >pairs.jsonl
ends 3 $run -i pairs.jsonl
has err "2 pairs say not which answer is better, and 1 pair is a tie"
has err "the first is at pairs.jsonl:8"
has err "--skip-unlabelled"
[ "$(wc -l <err)" = 1 ]
ends 0 $run -i pairs.jsonl --skip-unlabelled
[ ! -s err ]
has out "17 pairs to learn from"
has out "left out: 2 no_label, 1 tied"
ends 3 $run -i good.jsonl --val pairs.jsonl
jq -c 'del(.winner)' good.jsonl >none.jsonl
ends 3 $run -i none.jsonl --skip-unlabelled
has err "there is no pair to learn from: 20 records were read, left out: 20 no_label"

# Too long: counted and told, never cut.
{ cat good.jsonl; head -2 good.jsonl | jq -c '.question = ("long " * 900) + .question'; } >pairs.jsonl
ends 1 $run -i pairs.jsonl --max-prompt-tokens 1000
has err "pairs.jsonl:21: the prompt has "
has err "pairs.jsonl:22: "
has err "at most 1,000 are taken (--max-prompt-tokens), and none is cut"
has out "left out: 2 too_long"
ends 1 $run -i pairs.jsonl --max-prompt-tokens 1000 --on-error stop
ends 0 $run -i pairs.jsonl --max-prompt-tokens 0
has out "22 pairs to learn from"
{ cat good.jsonl; head -1 good.jsonl | jq -c '.question = ("long " * 9000)'; } >pairs.jsonl  # more than the context holds
ends 1 $run -i pairs.jsonl --max-prompt-tokens 0
has out "left out: 1 too_long"

# No records: by file and line, three of each kind, and the rest counted.
{ head -5 good.jsonl; printf '%s\n' '{"question": [' '[1]' 'x' '{"a":1,"a":2}' '{"prompt":"q"}' '{"question":"q","answer_a":"a","answer_b":7,"winner":"A"}' \
  '{"question":"q","answer_a":"a","answer_b":"b","winner":"C"}'; printf '{"question":"\xff"}\n'; tail -15 good.jsonl; } >pairs.jsonl
ends 1 $run -i pairs.jsonl
for line in 6 7 8 9 10 11 12 13; do grep -q "pairs.jsonl:$line:" err || [ "$line" = 8 ] || { echo "line $line is not named"; cat err; exit 1; }; done
has out "20 pairs to learn from"
ends 3 $run -i pairs.jsonl --on-error stop
has err "pairs.jsonl:6:"
ends 1 $run --quiet -i pairs.jsonl
[ ! -s err ]

# Nothing, or not enough.
: >empty.jsonl
ends 3 $run -i empty.jsonl
has err "there is no pair to learn from: 0 records were read"
ends 3 $run -i missing.jsonl
ends 3 $run -i good.jsonl --val empty.jsonl
has err "there is no pair to validate on"
ends 3 $run -i good.jsonl --batch-size 21
has err "20 pairs are fewer than a batch takes (21)"
has err "--batch-size"

# Answers of both shapes, and our fields elsewhere.
jq -c '{prompt: .question, chosen: .answer_a, rejected: .answer_b}' good.jsonl >shape.jsonl
ends 0 $run -i shape.jsonl
hasnt out "A is right in 100.0 %"  # their order is drawn
jq -c '{x: .prompt, y: {c: .chosen}, rejected}' shape.jsonl >mapped.jsonl
ends 0 $run -i mapped.jsonl --map prompt=.x,chosen=.y.c
ends 0 $run <good.jsonl
