# A new flag is a decision: it needs a line here, one in the man page and a test. teach and correct have the same.
. "$RM_SOURCE/tests/cli/expect.bash"
for verb in teach correct; do
  # shellcheck disable=SC2086
  flags_are "rm-distill $verb" --filter --max-cost-tokens $model_flags $common_flags $length_flags
done
