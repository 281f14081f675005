# The example of rubrics runs: statistics of four, and a line for each that was vetted.
. "$RM_SOURCE/tests/cli/expect.bash"
server
ends 0 "$RM_SOURCE/examples/10-rubrics.sh" -m "$url"
has out '4 rubrics: 3 with criteria, 1 with a solution'
[ "$(grep -cE '^(kept|wrong|order|no_verdict)'$'\t' out)" -eq 4 ]
has err 'right without the rubric'
