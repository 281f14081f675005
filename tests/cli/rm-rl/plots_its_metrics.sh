# rm-rl plot draws what rm-rl writes: the usual panels, validation as points, runs side by side.
. "$RM_SOURCE/tests/cli/expect.bash"
python3 - >a.jsonl <<'PY'
import json
for step in range(1, 41):
    print(json.dumps({"step": step, "loss": 0.01, "lr": 1e-6, "grad_norm": 0.5, "reward_mean": -1 + step / 20, "kl": step / 1e4, "entropy": 2 - step / 40,
                      "clip_fraction": 0.01, "length_mean": 90 + step, "all_right": step / 40, "all_wrong": 1 - step / 40}))
    if step % 10 == 0:
        print(json.dumps({"step": step, "val_verdict_accuracy": 0.5 + step / 100, "val_parsed": 0.9, "val_length_mean": 95.5}))
PY
ends 0 rm-rl plot a.jsonl -o a.svg
for title in Reward Verdicts "KL divergence" Entropy Clipped Response "Learning rate" "Gradient norm"; do has a.svg "$title"; done
jq -c 'if .reward_mean then .reward_mean /= 2 else . end' a.jsonl >b.jsonl
ends 0 rm-rl plot a.jsonl b.jsonl --metric reward_mean --metric val_verdict_accuracy -o both.svg
has both.svg Reward
hasnt both.svg Entropy
ends 3 rm-rl plot a.jsonl --metric nothing
has err "nothing"
ends 2 rm-rl plot a.jsonl --frob
ends 0 rm-rl plot <a.jsonl
has out "<svg"
