# A new flag is a decision: it needs a line here, one in the man page and a test.
. "$RM_SOURCE/tests/cli/expect.bash"
rm-distill mix --help | grep -oE '^  (-[a-z],)?--[a-z-]+' | tr -d ' ' >found
printf '%s\n' --exclude --dedup --decontaminate --cap --weight --split --rest -i,--in -o,--out --map --on-error --seed --summary --dry-run \
  --quiet --color --version --help >expected
same expected found
ends 0 rm-distill --help
has out "mix "
ends 0 rm-distill mix --version
has out rm-distill
