# TERM ends a run that waits for a producer with 75, INT with 130.
. "$RM_SOURCE/tests/cli/expect.bash"
echo '{"prompt":"q","chosen":"c","rejected":"r"}' >one.jsonl
stops_on_signals one.jsonl rm-distill mix
