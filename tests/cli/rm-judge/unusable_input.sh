# Input as a whole that cannot be read: exit 3, after the whole lines before the damage.
. "$RM_SOURCE/tests/cli/expect.bash"
ends 3 rm-judge --reparse -i missing.jsonl
has err missing.jsonl
mkdir folder
ends 3 rm-judge --reparse -i folder
judged 1 | iconv -t UTF-16 >wide.jsonl
ends 3 rm-judge --reparse -i wide.jsonl
has err UTF-16
command -v zstd >/dev/null || exit 0
judged 2000 | zstd -q >whole.zst
size=$(wc -c <whole.zst)
for cut in 5 100 $((size / 2)) $((size - 1)); do
  head -c "$cut" whole.zst >cut.zst
  ends 3 rm-judge --reparse -i cut.zst
  has err cut.zst
  [ ! -s out ] || json out
done
