# kill -9 at 20 random moments of a run of ten steps, each followed by --resume: the weights, the newest state, the rollouts and the
# figures of an undisturbed run.
. "$RM_SOURCE/tests/cli/rl.bash"
tiny
labelled 40 >pairs.jsonl
head -3 pairs.jsonl >val.jsonl
scored="python3 $PWD/odd.py"
run="$rl --reward-cmd '$scored' --save-every 2 --val val.jsonl --val-every 4 --metrics {out}/metrics.jsonl -o {out}"
seed=${RM_TEST_SEED:-$$}
echo "RM_TEST_SEED=$seed"
python3 "$RM_SOURCE/tests/fault/kill_loop.py" --dir loop --run "$run" --resume "$run --resume" --kills 20 --from 0.2 --seed "$seed" \
  --same model.safetensors --same config.json --same rollouts.jsonl --same best/validation.json --same best/model.safetensors \
  --same 'checkpoints/step-00000010/*' --same-lines metrics.jsonl:seconds,tokens_per_s,memory_bytes,seconds_rollout,seconds_reward,seconds_reference,seconds_learn
jq -es 'map(select(.loss).step) == [range(1; 11)]' loop/whole/metrics.jsonl >/dev/null
