# A new flag is a decision: it needs a line here, one in the man page and a test.
. "$RM_SOURCE/tests/cli/expect.bash"
# shellcheck disable=SC2086
{
  flags_are "rm-rubric generate" --contrast $model_flags $common_flags $length_flags
  flags_are "rm-rubric extract" $common_flags $length_flags
  flags_are "rm-rubric vet" --samples --orders --contrast $model_flags $common_flags $length_flags
  flags_are "rm-rubric stats" --json $common_flags
}
