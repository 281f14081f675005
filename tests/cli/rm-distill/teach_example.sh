# The example of teach and correct runs: eleven of its twelve pairs have a winner, and each comes out once.
. "$RM_SOURCE/tests/cli/expect.bash"
server --teacher
ends 0 "$RM_SOURCE/examples/09-teach-chains.sh" -m "$url"
lines out 11
[ "$(cut -f 1 out | sort | uniq -c | tr -s ' ')" = ' 11 kept' ]
[ "$(cut -f 2 out | sort -u | tr '\n' ' ')" = '1 2 ' ]
