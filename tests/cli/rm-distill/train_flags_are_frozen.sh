# A new flag is a decision: it needs a line here, one in the man page and a test.
. "$RM_SOURCE/tests/cli/expect.bash"
flags_are "rm-distill train" --recipe --lr --schedule --warmup --weight-decay --clip-norm --epochs --batch-size --micro-batch-size --max-length \
  --mask --lora-rank --lora-alpha --lora-targets --adapter --merge --val --val-every --val-generate --save-every --keep --resume --metrics --tensorboard \
  -m,--model --chat --device --dtype --threads --deterministic --pass-tokens -i,--in -o,--out --map --on-error --seed --summary --dry-run --quiet --color
