# The example runs and says what it left out.
. "$RM_SOURCE/tests/cli/expect.bash"
ends 0 sh "$RM_SOURCE/examples/07-mix-sources.sh"
has err "chat: 4 seen, 1 excluded, 1 contaminated, 2 kept"
has err "code: 3 seen, 1 repeated, 2 kept"
[ "$(grep -c '"winner"' out)" = 6 ]
has err "benchmark.json, items: 1, records that held one: 1"
