# Started with standard descriptors closed: exit 5 where they are needed, and no file lands on them.
. "$RM_SOURCE/tests/cli/expect.bash"
judged 3 >in.jsonl
rc=0; rm-judge --reparse <&- >out 2>err || rc=$?
[ $rc -eq 5 ] || { echo "stdin closed: $rc"; exit 1; }
rc=0; rm-judge --reparse -i in.jsonl >&- 2>err || rc=$?
[ $rc -eq 5 ] || { echo "stdout closed: $rc"; exit 1; }
rc=0; rm-judge --reparse -i in.jsonl -o file.jsonl >&- || rc=$?
[ $rc -eq 0 ] || { echo "stdout closed, not needed: $rc"; exit 1; }
lines file.jsonl 3
rc=0; rm-judge --reparse -i in.jsonl >out 2>&- || rc=$?
[ $rc -eq 0 ]
lines out 3
echo '{broken' >bad.jsonl
rc=0; rm-judge --reparse -i bad.jsonl -o file.jsonl 2>&- || rc=$?
[ $rc -eq 1 ]
lines file.jsonl 1
hasnt file.jsonl 'rm-judge:'
