# What is missing, repeated or unknown ends with 3 and is named; --partial allows what is missing and says so in every line.
. "$RM_SOURCE/tests/cli/expect.bash"
rm_bench b 3
rm-eval prepare rm-bench b/*.json -o pairs.jsonl
fake_judge <pairs.jsonl >judged.jsonl
ends 3 rm-eval score judged.jsonl
has err "subset chat: 3 of 129 items"
ends 0 rm-eval score --expect pairs.jsonl judged.jsonl
hasnt out partial
sed 40d judged.jsonl >hole.jsonl
ends 3 rm-eval score --expect pairs.jsonl hole.jsonl
has err 'item "1", cell 3 of "code" is missing'
has err "--partial scores what is there"
[ ! -s out ]
ends 0 rm-eval score --expect pairs.jsonl --partial hole.jsonl
! grep -v '^partial' out
ends 0 rm-eval score --expect pairs.jsonl --partial --json hole.jsonl
jq -e '.partial and (.missing | length == 1)' out >/dev/null
{ cat judged.jsonl; sed -n 7p judged.jsonl; } >twice.jsonl
ends 3 rm-eval score --partial twice.jsonl
has err 'twice.jsonl:136: item "0", cell 6 of "chat" is repeated'
sed '5s/"item":"0"/"item":"77"/' judged.jsonl >unknown.jsonl
ends 3 rm-eval score --partial --expect pairs.jsonl unknown.jsonl
has err 'unknown.jsonl:5: unknown item "77" of "chat"'
sed '5s/"subset":"chat"/"subset":"chit"/' judged.jsonl >subset.jsonl
ends 3 rm-eval score --partial subset.jsonl
has err 'unknown subset "chit"'
: >empty
ends 3 rm-eval score empty
has err "no records"
