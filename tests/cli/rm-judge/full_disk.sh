# A full disk is exit 5 at once, and says so.
. "$RM_SOURCE/tests/cli/expect.bash"
[ -w /dev/full ] || skip "no /dev/full"
judged 100 >in.jsonl
rc=0; rm-judge --reparse -i in.jsonl >/dev/full 2>err || rc=$?
[ $rc -eq 5 ] || { echo "ended with $rc"; exit 1; }
has err 'No space left'
ends 5 rm-judge --reparse -i in.jsonl -o /dev/full
ends 5 rm-judge --reparse -i in.jsonl -o /nonexistent/out.jsonl
ends 5 rm-judge --reparse -i in.jsonl --summary /nonexistent/summary.json
