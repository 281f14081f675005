# Exit 2, one line that names the flag, nothing on standard output.
. "$RM_SOURCE/tests/cli/expect.bash"
check() { local part=$1; shift; ends 2 rm-judge "$@" </dev/null; has err "$part"; lines err 1; [ ! -s out ]; }
check --samples --samples 0
check --samples --samples 08h
check --samples --samples 99999999999999999999
check --temperature --temperature nan
check --temperature --temperature 0,5
check --top-p --top-p 2
check --top-p --top-p 0
check --on-error --on-error ignore
check --verdict --verdict lenient
check --nonsense --nonsense
check pairs.jsonl pairs.jsonl
check --in --in
check '-q, -a and -b' -q x
check --rate -q x -a y
check '-q, -a and -b' -a x -b y
check -i -q x -a y -b z -i f
check 'standard input' -q - -a - -b z
check --resume --resume
check --shard --shard 0/3
check --shard --shard 4/3
check --shard --shard 1/x
check --dry-run --dry-run --show-prompt
check '--temperature 0' --samples 3 --temperature 0
