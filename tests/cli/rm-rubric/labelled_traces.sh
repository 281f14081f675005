# Real traces, read as people labelled them: at least 95 % of each set. The traces are not part of the project; RM_TEST_TRACES names
# a folder of judged records (*.jsonl) that holds them.
. "$RM_SOURCE/tests/cli/expect.bash"
[ -d "${RM_TEST_TRACES:-}" ] || skip "RM_TEST_TRACES names no folder of judged records"
python3 "$RM_SOURCE/tests/cli/rubric_labels.py" "$RM_SOURCE/tests/golden/rubric/labels.jsonl" "$RM_TEST_TRACES"/*.jsonl --show
