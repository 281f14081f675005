# -q -a -b prints the trace and the verdict, plain where the output is a pipe, and writes the record with -o.
. "$RM_SOURCE/tests/cli/expect.bash"
small_model; engine
ends 0 rm-judge -m "$model" -q 'Why is the sky blue?' -a Rayleigh -b Because --max-tokens 16 -o record.jsonl
has out Verdict
if grep -q "$(printf '\033')" out; then echo "a pipe got an escape character"; exit 1; fi
[ ! -s err ]
[ "$(jq -r .question record.jsonl)" = 'Why is the sky blue?' ]
text=$(jq -r '.judgment.samples[0].text' record.jsonl)
[ "${text:0:10}" = "$(head -c 10 out)" ]
ends 0 rm-judge -m "$model" -q x -a y -b z --max-tokens 4 --color always
grep -q "$(printf '\033')" out
