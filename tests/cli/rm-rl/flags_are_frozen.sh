# A new flag is a decision: it needs a line here, one in the man page and a test.
. "$RM_SOURCE/tests/cli/expect.bash"
flags_are rm-rl --recipe --lr --schedule --warmup --weight-decay --clip-norm --epochs --batch-size --micro-batch-size --mini-batch-size --steps \
  --rollouts --max-prompt-tokens --max-tokens --temperature --top-p --rollout-dtype --kl --clip --clip-high --dual-clip --loss-agg --dynamic-sampling \
  --mask-truncated --rollout-correction --reward-cmd --reward-timeout --lora-rank --lora-alpha --lora-targets --adapter --merge --val --val-every --save-every \
  --keep --resume --metrics --tensorboard --samples-file -m,--model --chat --device --dtype --threads --deterministic --pass-tokens --form --prompt \
  --skip-unlabelled -i,--in -o,--out --map --on-error --seed --summary --dry-run --quiet --color
# shellcheck disable=SC2086,SC2154
flags_are "rm-rl plot" --metric --smooth $common_flags
