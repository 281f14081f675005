# LoRA leaves an adapter as PEFT saves it, which rm-judge loads; with --merge a whole model. Both write the same text, the base another.
# The base is left alone, and a run that was stopped ends with the same bytes.
. "$RM_SOURCE/tests/cli/train.bash"
tiny
cp -r tiny before
chains 40 >chains.jsonl
run="$train --epochs 16 --lr 2e-2 --dtype f32 --lora-rank 16 --lora-alpha 64 --save-every 20"
ends 0 $run -o adapter
ends 0 $run --merge -o merged
[ ! -e adapter/model.safetensors ]
[ ! -e adapter/config.json ]
[ ! -e merged/adapter_config.json ]
diff -r before tiny
jq -e '.peft_type == "LORA" and .r == 16 and .lora_alpha == 64 and .base_model_name_or_path == "tiny" and .bias == "none" and
  .target_modules == ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]' adapter/adapter_config.json >/dev/null
python3 - adapter/adapter_model.safetensors <<'PY'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", data[:8])[0]
names = {k: v for k, v in json.loads(data[8:8 + n]).items() if k != "__metadata__"}
D, F, r, out = 32, 64, 16, {"q_proj": 32, "k_proj": 16, "v_proj": 16, "o_proj": 32, "gate_proj": 64, "up_proj": 64, "down_proj": 32}
want = {}
for layer in range(2):
    for module, rows in out.items():
        at = f"base_model.model.model.layers.{layer}.{'self_attn' if module[1] == '_' else 'mlp'}.{module}"
        want[at + ".lora_A.weight"] = [r, F if module == "down_proj" else D]
        want[at + ".lora_B.weight"] = [rows, r]
got = {k: v["shape"] for k, v in names.items()}
assert got == want, (sorted(got), sorted(want))
assert {v["dtype"] for v in names.values()} == {"F32"}
PY
pairs 4 >pairs.jsonl
says() { rm-judge -i pairs.jsonl --max-tokens 24 --dtype f32 --deterministic --form plain --quiet "$@" | jq -c '.judgment.samples[].text'; }
says -m tiny --adapter adapter >with_adapter
says -m merged >with_merged
says -m tiny >with_base
lines with_adapter 4
same with_adapter with_merged
has with_adapter better  # it has learned a word
cmp -s with_adapter with_base && { echo "the adapter changes nothing"; exit 1; }

# Stopped and gone on with.
$run -o part &
pid=$!
until_lines part/metrics.jsonl 8
kill -TERM $pid
rc=0; wait $pid || rc=$?
[ $rc = 75 ] || { echo "ended with $rc"; exit 1; }
[ ! -e part/adapter_config.json ]
ends 0 $run -o part --resume
same adapter/adapter_model.safetensors part/adapter_model.safetensors
# A finished run may be asked for the whole model afterwards.
ends 0 $run -o part --resume --merge
same merged/model.safetensors part/model.safetensors
[ ! -e part/adapter_config.json ]
ends 4 rm-judge -m tiny --adapter part -i pairs.jsonl

# Some matrices alone; none of that name.
ends 0 $train --lora-rank 2 --lora-targets v_proj,q_proj -o few
jq -e '.target_modules == ["q_proj", "v_proj"] and .lora_alpha == 4' few/adapter_config.json >/dev/null
