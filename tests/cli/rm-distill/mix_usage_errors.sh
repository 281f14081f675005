# Flags that contradict each other or name nothing end with 2, before anything is written.
. "$RM_SOURCE/tests/cli/expect.bash"
pairs 6 | jq -c 'select(.chosen)' >a.jsonl
cp a.jsonl b.jsonl
wrong() { # TEXT ARGUMENTS
  local text=$1
  shift
  ends 2 rm-distill mix "$@"
  has err "$text"
  [ ! -s out ]
}
wrong "is no source; they are a, b" a.jsonl b.jsonl --cap c=3
wrong "is not N or SOURCE=N" a.jsonl --cap a=many
wrong "is not N or SOURCE=N" a.jsonl --cap -1
wrong "is not SOURCE=WEIGHT" a.jsonl b.jsonl --weight 0.5
wrong "is not SOURCE=WEIGHT" a.jsonl b.jsonl --weight a=0
wrong "is not SOURCE=WEIGHT" a.jsonl b.jsonl --weight a=nan
wrong "there is one" a.jsonl --weight a=1
wrong "needs --rest FILE" a.jsonl --split x=0.5
wrong "give --split" a.jsonl --rest r.jsonl
wrong "with a fraction between 0 and 1" a.jsonl --split x=1.5 --rest r.jsonl
wrong "with a fraction between 0 and 1" a.jsonl --split 0.5 --rest r.jsonl
wrong "different files" a.jsonl --split x=0.5 --rest r.jsonl -o r.jsonl
wrong "expected FIELD=VALUE" a.jsonl --exclude source
wrong "names no field" a.jsonl --exclude =x
wrong "pair|prompt" a.jsonl --dedup all
wrong "two sources are named" a.jsonl ./a.jsonl
wrong "by name or with -i" a.jsonl -i b.jsonl
wrong "is both the input and the output" a.jsonl b.jsonl -o b.jsonl
wrong "is both the input and the output" a.jsonl b.jsonl --split x=0.5 -o o.jsonl --rest a.jsonl
same a.jsonl b.jsonl
[ ! -e r.jsonl ]
