# kill -9 at 20 random moments, each followed by --resume: the weights, the newest state and the figures of an undisturbed run.
. "$RM_SOURCE/tests/cli/train.bash"
tiny
chains 50 >chains.jsonl
run="$train --save-every 2 --val 0.2 --val-every 4 -o {out}"
seed=${RM_TEST_SEED:-$$}
echo "RM_TEST_SEED=$seed"
python3 "$RM_SOURCE/tests/fault/kill_loop.py" --dir loop --run "$run" --resume "$run --resume" --kills 20 --from 0.3 --seed "$seed" \
  --same model.safetensors --same config.json --same tokenizer.json --same 'checkpoints/step-00000012/*' \
  --same-lines metrics.jsonl:seconds,tokens_per_s,memory_bytes
lines loop/whole/metrics.jsonl 16  # 12 steps, validated at 0, 4, 8 and 12
