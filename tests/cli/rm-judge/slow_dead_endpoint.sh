# A server that dies for good ends the run with 69 once nothing has answered for a minute: what was finished is there, and goes on
# when a server is back.
. "$RM_SOURCE/tests/cli/expect.bash"
server --delay 0.02
pairs 2000 >in.jsonl
rm-judge -m "$url" --max-inflight 4 -i in.jsonl -o out.jsonl 2>err &
pid=$!
sleep 2
kill "$SERVER_PID"
began=$SECONDS
rc=0; wait $pid || rc=$?
[ $rc -eq 69 ] || { echo "ended with $rc"; cat err; exit 1; }
took=$((SECONDS - began))
[ $took -ge 55 ] && [ $took -le 90 ] || { echo "ended after $took s"; exit 1; }
lines err 1
has err '127.0.0.1'
n=$(wc -l <out.jsonl)
[ "$n" -gt 0 ] && [ "$n" -lt 2000 ]
same <(head -n "$n" in.jsonl | jq -c .id) <(jq -c .id out.jsonl)
none 'select(.judgment.verdict == null)' out.jsonl
server
ends 0 rm-judge -m "$url" -i in.jsonl -o out.jsonl --resume
same <(jq -c .id in.jsonl) <(jq -c .id out.jsonl)
