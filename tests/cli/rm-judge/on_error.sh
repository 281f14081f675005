# record, skip and stop.
. "$RM_SOURCE/tests/cli/expect.bash"
{ judged 2; echo '{broken'; judged 2; } >in.jsonl
ends 1 rm-judge --reparse -i in.jsonl
lines out 5
ends 1 rm-judge --reparse --on-error skip -i in.jsonl
lines out 4
ends 3 rm-judge --reparse --on-error stop -i in.jsonl
lines out 2
has err in.jsonl:3
ends 1 rm-judge --reparse --quiet -i in.jsonl
[ ! -s err ]
ends 3 rm-judge --reparse --quiet --on-error stop -i in.jsonl
[ -s err ]
