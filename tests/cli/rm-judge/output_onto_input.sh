# Writing onto the file that is read is refused, and the file stays.
. "$RM_SOURCE/tests/cli/expect.bash"
judged 3 >in.jsonl
cp in.jsonl before
ends 2 rm-judge --reparse -i in.jsonl -o in.jsonl
same before in.jsonl
ln in.jsonl other.jsonl
ends 2 rm-judge --reparse -i in.jsonl -o other.jsonl
same before in.jsonl
mkdir folder
ends 5 rm-judge --reparse -i in.jsonl -o folder
