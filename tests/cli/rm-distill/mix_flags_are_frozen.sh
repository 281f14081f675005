# A new flag is a decision: it needs a line here, one in the man page and a test.
. "$RM_SOURCE/tests/cli/expect.bash"
# shellcheck disable=SC2086
flags_are "rm-distill mix" --exclude --dedup --decontaminate --cap --weight --split --rest $common_flags
ends 0 rm-distill --help
has out "mix "
ends 0 rm-distill mix --version
has out rm-distill
