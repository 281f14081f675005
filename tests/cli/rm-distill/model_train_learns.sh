# A model learns to write chains that end in a verdict: loss falls, its own replies to held-out prompts come to have a verdict, and rm-judge
# reads them. Two runs give the same bytes; fewer tokens at once the same losses but for rounding.
. "$RM_SOURCE/tests/cli/train.bash"
tiny
chains 60 >chains.jsonl
run="$train --epochs 20 --save-every 0 --val 0.2 --val-every 50 --val-generate 4"
ends 0 $run -o one --summary s.json
is() { jq -es "$1" "$2" >/dev/null || { echo "$2: not $1"; cat "$2"; exit 1; }; }
is 'map(select(.val_loss).step) == [0, 50, 100]' one/metrics.jsonl
is 'map(select(.loss)) | first.loss > 10 and last.loss < 1' one/metrics.jsonl
is 'map(select(.val_loss)) | first.val_parsed == 0 and last.val_parsed >= 0.75 and last.val_loss < first.val_loss / 4' one/metrics.jsonl
is '.[0] | .last_validation.parsed >= 0.75 and .first_validation.step == 0 and .steps == 100 and .total_steps == 100' s.json
pairs 8 >pairs.jsonl
rm-judge -m one -i pairs.jsonl --max-tokens 40 --form plain --quiet >judged.jsonl
is 'map(select(.judgment.verdict)) | length > 0' judged.jsonl  # of a prompt that it never saw

ends 0 ${train/--threads 1/} -o a
ends 0 ${train/--threads 1/} -o b
same_run a b
ends 0 ${train/--threads 1/} --seed 1 -o c
cmp -s a/model.safetensors c/model.safetensors && { echo "the seed changes nothing"; exit 1; }
ends 0 $train --dtype f32 -o large
ends 0 $train --dtype f32 --pass-tokens 150 -o small
paste <(jq -c .loss large/metrics.jsonl) <(jq -c .loss small/metrics.jsonl) |
  awk '{ d = ($1 - $2) / $1; if (d < 0) d = -d; if (d > 1e-4) { print "losses", $1, $2; bad = 1 } } END { exit bad }'
