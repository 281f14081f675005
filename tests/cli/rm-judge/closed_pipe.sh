# A reader that goes away ends the run with 141 and no word.
. "$RM_SOURCE/tests/cli/expect.bash"
judged 20000 >in.jsonl
set +eo pipefail
rm-judge --reparse -i in.jsonl 2>err | head -1 >first
rc=${PIPESTATUS[0]}
set -e
[ "$rc" -eq 141 ] || { echo "ended with $rc"; exit 1; }
[ ! -s err ]
lines first 1
set +e
judged 20000 | rm-judge --reparse 2>err | head -1 >first
rc=${PIPESTATUS[1]}
set -e
[ "$rc" -eq 141 ] || { echo "ended with $rc"; exit 1; }
[ ! -s err ]
