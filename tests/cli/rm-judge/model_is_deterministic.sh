# --deterministic: the same bytes twice, with any batch, in any shards, with guesses ahead and without; the default has the same records in the same order.
. "$RM_SOURCE/tests/cli/expect.bash"
small_model; engine
pairs 12 >in.jsonl
judge() { rm-judge -m "$model" -i in.jsonl --max-tokens 20 "$@"; }
judge --deterministic --batch 16 >sixteen
judge --deterministic --batch 16 >again
same sixteen again
judge --deterministic --batch 1 >one
same sixteen one
judge --deterministic --batch 1 --draft 0 >unguessed
same sixteen unguessed
judge --deterministic --max-tokens 160 --batch 1 >guessed
judge --deterministic --max-tokens 160 --batch 4 --draft 0 >unguessed
same guessed unguessed
for i in 1 2 3; do judge --deterministic --shard $i/3; done >shards
same sixteen shards
judge --deterministic --temperature 1 --samples 2 --seed 7 --batch 1 >one
judge --deterministic --temperature 1 --samples 2 --seed 7 --batch 8 >eight
same one eight
judge --deterministic --temperature 1 --samples 2 --seed 8 --batch 8 >other
if cmp -s eight other; then echo "another seed gave the same bytes"; exit 1; fi
judge >fast
same <(jq -c 'del(.judgment)' sixteen) <(jq -c 'del(.judgment)' fast)
same <(jq -c '[.judgment.samples[].order]' sixteen) <(jq -c '[.judgment.samples[].order]' fast)
