# A new flag is a decision: it needs a line here, one in the man page and a test.
. "$RM_SOURCE/tests/cli/expect.bash"
scoring="--partial --expect --unparsed --upstream-bug"
# shellcheck disable=SC2086
{
  flags_are "rm-eval prepare" --cells $common_flags
  flags_are "rm-eval score" --json $scoring $common_flags
  flags_are "rm-eval compare" --json $scoring --differ $common_flags
  flags_are "rm-eval vote" $common_flags
  flags_are "rm-eval report" $scoring --browse $common_flags
}
