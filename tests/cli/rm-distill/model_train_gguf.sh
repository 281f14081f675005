# A .gguf as base: the same weights come out as from the same model in a folder, whole or as an adapter, beside a configuration and a
# tokenizer made of its metadata. One step of a real, quantised model.
. "$RM_SOURCE/tests/cli/train.bash"
tiny
python3 "$RM_SOURCE/tests/cli/tiny_gguf.py" "$model" tiny.gguf
chains 40 >chains.jsonl
ends 0 $train -o folder
ends 0 ${train/-m tiny/-m tiny.gguf} -o whole
same_run folder whole
folder-probe same tiny.gguf whole
jq -e '.hidden_size == 32 and .num_hidden_layers == 2 and .vocab_size == 49152' whole/config.json >/dev/null
ends 0 $train --lora-rank 4 -o folder_lora
ends 0 ${train/-m tiny/-m tiny.gguf} --lora-rank 4 -o lora
same folder_lora/adapter_model.safetensors lora/adapter_model.safetensors
jq -e '.base_model_name_or_path == "tiny.gguf"' lora/adapter_config.json >/dev/null
ends 0 ${train/-m tiny/-m tiny.gguf} --lora-rank 4 --dtype f32 -o lora32
ends 0 ${train/-m tiny/-m tiny.gguf} --lora-rank 4 --dtype f32 --merge -o merged32
pairs 3 >pairs.jsonl
says() { rm-judge -i pairs.jsonl --max-tokens 16 --dtype f32 --deterministic --form plain --quiet "$@" | jq -c '.judgment.samples[].text'; }
says -m tiny.gguf --adapter lora32 >with_adapter
says -m merged32 >with_merged
lines with_adapter 3
same with_adapter with_merged

# A real one.
head -2 chains.jsonl >two.jsonl
ends 0 rm-distill train -m "$model" -i two.jsonl --batch-size 2 --lr 1e-5 --warmup 0 --quiet -o real_sft
jq -e '.step == 1 and .loss > 1 and .loss < 12 and .grad_norm > 0' real_sft/metrics.jsonl >/dev/null
ends 0 rm-judge -m real_sft -i pairs.jsonl --max-tokens 4 --form plain -o judged.jsonl
lines judged.jsonl 3
none 'select(.judgment.samples[0].text == "")' judged.jsonl
