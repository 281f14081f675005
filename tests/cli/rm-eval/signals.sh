# TERM ends a run that waits for a producer with 75, INT with 130; neither prints figures.
. "$RM_SOURCE/tests/cli/expect.bash"
pairs 4 | rm-eval prepare pairs | fake_judge >judged.jsonl
stops_on_signals judged.jsonl rm-eval score
# A line that stops the run does so although the producer is silent, right behind it or after more than is read at once.
for more in 0 400000; do
  mkfifo pipe
  rm-eval score --on-error stop pipe >out 2>err &
  pid=$!
  exec 3>pipe
  { echo '{"torn":'; head -c $more /dev/zero | tr '\0' '\n'; } >&3 || true  # it may be gone before all is written
  rc=0
  wait $pid || rc=$?
  exec 3>&-
  [ $rc = 3 ] || { echo "ended with $rc"; cat err; exit 1; }
  rm pipe
done
