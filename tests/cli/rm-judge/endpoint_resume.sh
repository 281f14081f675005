# A run that was killed goes on where it was; several servers share the work, also from a file.
. "$RM_SOURCE/tests/cli/expect.bash"
server --delay 0.05
first=$url
pairs 400 >in.jsonl
rm-judge -m "$url" --max-inflight 8 -i in.jsonl -o out.jsonl 2>/dev/null &
sleep 1
kill -9 $!
wait $! 2>/dev/null || true
before=$(grep -c . out.jsonl || true)
[ "$before" -lt 400 ]
printf '# the pool\n%s\n\n  %s/ \n' "$first" "$first" >servers
ends 0 rm-judge -m @servers -i in.jsonl -o out.jsonl --resume
lines out.jsonl 400
same <(jq -c .id in.jsonl) <(jq -c .id out.jsonl)
ends 2 rm-judge -m @nothing -i in.jsonl
has err nothing
