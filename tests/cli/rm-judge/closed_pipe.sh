# A reader that goes away ends the run with 141 and no word.
. "$RM_SOURCE/tests/cli/expect.bash"
judged 20000 >in.jsonl
set +o pipefail
rm-judge --reparse -i in.jsonl 2>err | head -1 >first
rc=${PIPESTATUS[0]}
[ "$rc" -eq 141 ] || { echo "ended with $rc"; exit 1; }
[ ! -s err ]
lines first 1
judged 20000 | rm-judge --reparse 2>err | head -1 >first
[ "${PIPESTATUS[1]}" -eq 141 ]
[ ! -s err ]
