# TERM ends a run that waits for a producer with 75, INT with 130.
. "$RM_SOURCE/tests/cli/expect.bash"
for signal in TERM:75 INT:130; do
  mkfifo pipe
  rm-distill mix pipe >out 2>err &
  pid=$!
  exec 3>pipe
  printf '{"prompt":"q","chosen":"c","rejected":"r"}\n' >&3
  sleep 0.3
  kill -"${signal%:*}" $pid
  rc=0
  wait $pid || rc=$?
  exec 3>&-
  [ $rc = "${signal#*:}" ] || { echo "$signal: ended with $rc"; cat err; exit 1; }
  [ ! -s out ]
  rm pipe
done
