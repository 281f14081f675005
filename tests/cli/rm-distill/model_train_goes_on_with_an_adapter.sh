# An adapter is trained on from its own values: at a rate that moves nothing it comes out as it went in, else its loss goes on falling
# from where it stood, and the flags that its folder answers are refused.
. "$RM_SOURCE/tests/cli/train.bash"
tiny
chains 40 >chains.jsonl
ends 0 $train --lora-rank 4 --lora-targets q_proj,down_proj -o first
ends 0 $train --adapter first --lr 1e-30 -o still
same first/adapter_model.safetensors still/adapter_model.safetensors
jq -e '.r == 4 and .lora_alpha == 8 and (.target_modules | sort == ["down_proj", "q_proj"])' still/adapter_config.json >/dev/null

ends 0 $train --adapter first -o second
begun=$(head -1 first/metrics.jsonl | jq .loss) stood=$(tail -1 first/metrics.jsonl | jq .loss)
on=$(head -1 second/metrics.jsonl | jq .loss) ended=$(tail -1 second/metrics.jsonl | jq .loss)
jq -en "($begun - $on) > 0.5 * ($begun - $stood) and $ended < $on" >/dev/null ||
  { echo "losses: $begun to $stood, then $on to $ended"; exit 1; }

# Another adapter is another run.
ends 2 $train --adapter second -o still --lr 1e-30 --resume
has err "the run in still"
ends 2 $train --adapter first --lora-rank 4 -o other
has err "--lora-rank: is what the folder of --adapter says"
ends 4 $train --adapter nowhere -o other
ends 4 $train --adapter tiny -o other
[ ! -e other ]
