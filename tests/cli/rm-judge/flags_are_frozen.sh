# A new flag is a decision: it needs a line here, one in the man page and a test.
. "$RM_SOURCE/tests/cli/expect.bash"
# shellcheck disable=SC2086
flags_are rm-judge -q -a -b --samples --both-orders --shuffle --rate --budget --retry --verdict --rubric --logprobs --reparse --show-prompt \
  --serve $model_flags $common_flags $length_flags
