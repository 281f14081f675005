# A reader that goes away is noticed at the next record; a producer that never ends does not keep the program.
. "$RM_SOURCE/tests/cli/expect.bash"
mkfifo pipe
(judged 3; sleep 30) >pipe &
producer=$!
rm-judge --reparse -i pipe >out 2>err &
judge=$!
for _ in $(seq 50); do [ -s out ] && [ "$(wc -l <out)" -eq 3 ] && break; sleep 0.1; done
lines out 3
kill -TERM $judge
rc=0; wait $judge || rc=$?
kill $producer
[ $rc -eq 75 ] || { echo "ended with $rc"; cat err; exit 1; }
