# A disk that is full, for either output or for the temporary file, ends the run with 5 and says where; a reader that left, with 141.
. "$RM_SOURCE/tests/cli/expect.bash"
for i in {1..40}; do printf '{"prompt":"q%d","chosen":"c","rejected":"r"}\n' "$i"; done >a.jsonl
ends 5 rm-distill mix a.jsonl -o /dev/full
has err "/dev/full"
ends 5 rm-distill mix a.jsonl --split x=0.5 --rest /dev/full -o out.jsonl
has err "/dev/full"
ends 5 rm-distill mix a.jsonl -o missing/out.jsonl
ends 5 rm-distill mix a.jsonl -o ok.jsonl --summary missing/s.json
# More than fits into memory, and no folder to put it.
python3 -c '
import json
text = "word " * 40000
for i in range(350): print(json.dumps({"prompt": f"question {i}", "chosen": text, "rejected": "no"}))' >big.jsonl
ends 5 env TMPDIR=/nowhere rm-distill mix big.jsonl -o big.out
has err "temporary file in /nowhere"
has err TMPDIR
mkdir temp
ends 0 env TMPDIR="$PWD/temp" rm-distill mix big.jsonl -o big.out
lines big.out 350
[ -z "$(ls temp)" ]
jq -r .mix.line big.out | sort -n >seen
seq 350 | cmp - seen
{ rm-distill mix big.jsonl || echo $? >rc; } | head -n 1 >/dev/null
[ "$(cat rc)" = 141 ]
