# --resume goes on after the last whole record, whatever stands after it; nothing lost, nothing twice.
. "$RM_SOURCE/tests/cli/expect.bash"
{ judged 20; echo '{broken'; judged 19; } >in.jsonl
ends 1 rm-judge --reparse -i in.jsonl -o whole.jsonl
size=$(wc -c <whole.jsonl)
for cut in 0 1 700 $((size / 3)) $((size / 2)) $((size - 1)) "$size"; do
  head -c "$cut" whole.jsonl >part.jsonl
  ends 1 rm-judge --reparse -i in.jsonl -o part.jsonl --resume
  same whole.jsonl part.jsonl
done
rm part.jsonl
ends 1 rm-judge --reparse -i in.jsonl -o part.jsonl --resume
same whole.jsonl part.jsonl
echo '{"question":"another","answer_a":"x","answer_b":"y"}' >part.jsonl
cp part.jsonl before
ends 3 rm-judge --reparse -i in.jsonl -o part.jsonl --resume
has err part.jsonl
same before part.jsonl
ends 1 rm-judge --reparse -i in.jsonl -o skipped.jsonl --on-error skip
cp skipped.jsonl expected
head -c 12000 expected >skipped.jsonl
rm-judge --reparse -i in.jsonl -o skipped.jsonl --on-error skip --resume 2>err || [ $? -eq 1 ]
same expected skipped.jsonl
