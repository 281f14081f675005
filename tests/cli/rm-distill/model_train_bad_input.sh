# What is no chain is counted and told by file and line, and ends a run with 1, or with --on-error stop with 3; nothing is cut to fit.
# What cannot be trained at all ends it with 2, 3 or 4.
. "$RM_SOURCE/tests/cli/train.bash"
tiny
chains 20 >good.jsonl
run="rm-distill train -m tiny --batch-size 4 --threads 1"
counts() { jq -ce "$2" "$1" >/dev/null || { echo "$1: not $2"; cat "$1"; exit 1; }; }

# Not kept: a teacher's matter.
{ cat good.jsonl; head -3 good.jsonl | jq -c '.chain.status = "wrong" | del(.response)'; } >chains.jsonl
ends 0 $run -i chains.jsonl --dry-run
has out "20 chains to learn"
has out "left out: 3 not_kept"
[ ! -s err ]

# Too long: counted and told, never cut.
{ cat good.jsonl; head -2 good.jsonl | jq -c '.response = ("long " * 500) + .response'; } >chains.jsonl
ends 1 $run -i chains.jsonl --max-length 200 -o long --summary s.json
has err "chains.jsonl:21: "
has err "chains.jsonl:22: "
has err "left out: 2 too_long"
counts s.json '.records == 22 and .learned == 20 and .left_out == {too_long: 2} and .steps == 5'
[ -e long/model.safetensors ]
ends 0 $run -i chains.jsonl --max-length 0 --dry-run
has out "22 chains to learn"
ends 1 $run -i chains.jsonl --max-length 200 --on-error stop --dry-run

# No records: by file and line, three of each kind, and the rest counted.
{ head -5 good.jsonl; printf '%s\n' '{"messages": [' '[1]' 'x' '{"a":1,"a":2}' '{"prompt":"q"}' '{"messages":[],"response":"r"}' \
  '{"messages":[{"role":"user","content":"q"}],"response":"  "}'; printf '{"messages":"\xff"}\n'; tail -15 good.jsonl; } >chains.jsonl
ends 1 $run -i chains.jsonl --dry-run
for line in 6 8 9 12 13; do has err "chains.jsonl:$line:"; done
has out "20 chains to learn"
ends 3 $run -i chains.jsonl --on-error stop -o stopped
has err "chains.jsonl:6:"
[ ! -e stopped ]
ends 1 $run --quiet -i chains.jsonl --dry-run
[ ! -s err ]

# Nothing.
: >empty.jsonl
ends 3 $run -i empty.jsonl -o none
has err "there is no chain to learn from: 0 records were read"
ends 3 $run -i missing.jsonl -o none
jq -c '.chain.status = "wrong" | del(.response)' good.jsonl >wrong.jsonl
ends 3 $run -i wrong.jsonl -o none
has err "20 not_kept"
ends 3 $run -i good.jsonl --val empty.jsonl -o none
has err "there is no chain to validate on"
ends 3 $run -i good.jsonl --max-length 5 -o none
has err "20 too_long"
[ ! -e none ]

# Models.
sed 's/"vocab_size": *49152/"vocab_size": 1000/' real/config.json >small.json
mkdir few
cp real/tokenizer* few
mv small.json few/config.json
python3 "$RM_SOURCE/tests/cli/tiny_model.py" few fewer
ends 4 ${run/-m tiny/-m fewer} -i good.jsonl -o none
has err vocab
ends 4 ${run/-m tiny/-m missing} -i good.jsonl -o none
head -c 3000000 tiny/model.safetensors >cut.safetensors
cp -r tiny cut
mv cut.safetensors cut/model.safetensors
ends 4 ${run/-m tiny/-m cut} -i good.jsonl -o none
has err "cut/model.safetensors"
ends 2 ${run/-m tiny/-m http://127.0.0.1:9/v1} -i good.jsonl -o none
has err "-m: a server's model cannot be trained from here"
ends 2 $run -m other -i good.jsonl -o none
ends 2 $run -i good.jsonl
ends 2 $run -i good.jsonl -o -
ends 2 $run -i good.jsonl -o none --lora-targets q_proj
[ ! -e none ]
