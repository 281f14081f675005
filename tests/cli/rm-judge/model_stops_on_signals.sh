# TERM while a model works: whole lines, exit 75, soon; then --resume ends with the bytes of an undisturbed run.
. "$RM_SOURCE/tests/cli/expect.bash"
small_model; engine
pairs 12 >in.jsonl
judge="rm-judge -i in.jsonl --max-tokens 24 --deterministic --batch 2"
export RM_MODEL=$model
$judge -o expected.jsonl
$judge -o part.jsonl &
pid=$!
for _ in $(seq 300); do [ -s part.jsonl ] && break; sleep 0.1; done
kill -TERM $pid
rc=0; wait $pid || rc=$?
[ $rc -eq 75 ] || { echo "ended with $rc"; exit 1; }
[ -z "$(tail -c 1 part.jsonl)" ]
[ "$(wc -l <part.jsonl)" -lt 12 ]
$judge -o part.jsonl --resume
same expected.jsonl part.jsonl
set +e
$judge 2>err | head -1 >first
rc=${PIPESTATUS[0]}
set -e
[ $rc -eq 141 ] || { echo "closed pipe: $rc"; exit 1; }
[ ! -s err ]
