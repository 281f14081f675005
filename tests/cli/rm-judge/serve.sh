# --serve judges over HTTP through whatever model is given, says where it listens, drains at TERM and ends with 0.
. "$RM_SOURCE/tests/cli/expect.bash"
get() { python3 -c 'import sys, urllib.request as u; print(u.urlopen(u.Request(sys.argv[1], sys.argv[2].encode() if len(sys.argv) > 2 else None, dict(h.split(": ", 1) for h in sys.argv[3:]))).read().decode())' "$@"; }
# listens FLAGS...: starts the server in the background; its address in `at`, its process in `pid`.
listens() {
  rm-judge -m "$url" --serve 127.0.0.1:0 "$@" 2>serve.log &
  pid=$!
  for _ in $(seq 200); do
    at=$(sed -n 's/.*judging at \(.*\)/\1/p' serve.log)
    [ -n "$at" ] && return
    sleep 0.05
  done
  cat serve.log
  exit 1
}
drains() {
  local rc=0
  kill -TERM $pid
  wait $pid || rc=$?
  [ $rc -eq 0 ] || { echo "ended with $rc"; cat serve.log; exit 1; }
}

server --delay 0.8
listens
get "${at}health" | jq -e '.status == "ok"' >/dev/null
get "$at" >page
has page '<title>rm-judge</title>'
pair='{"question":"q","answer_a":"#q=2","answer_b":"#q=1"}'
get "${at}v1/judge" "$pair" >judged
[ "$(jq -c '[.judgment.verdict, .judgment.model, .rewards]' judged)" = '["A","scripted",[1,0]]' ]
get "${at}v1/judge?rate=1-10" '{"question":"q","response":"#q=9"}' | jq -e '.judgment.ratings == [9]' >/dev/null
get "${at}health" | jq -e '.model == "scripted"' >/dev/null
get "${at}metrics" >metrics
has metrics 'rm_records_judged_total 2'
has metrics 'model="scripted"'

# What has begun when the signal comes is finished.
get "${at}v1/judge?samples=16" "$pair" >late &
client=$!
for _ in $(seq 50); do
  get "${at}health" >health
  jq -e '.in_flight == 1' health >/dev/null && break
done
drains
wait $client
jq -e '.judgment.votes == {A: 16, B: 0, none: 0}' late >/dev/null
lines serve.log 1

# A token is needed where others can reach the server, and then it is asked for.
ends 2 rm-judge -m "$url" --serve 0.0.0.0:0
has err RM_SERVE_TOKEN
ends 2 rm-judge -m "$url" --serve nonsense
has err 127.0.0.1:8080
export RM_SERVE_TOKEN=sesame
listens --both-orders
get "${at}v1/judge" "$pair" 2>refused && exit 1
has refused 401
get "${at}v1/judge" "$pair" 'Authorization: Bearer sesame' | jq -e '.judgment.samples | length == 2' >/dev/null
port=${at##*:}
ends 5 rm-judge -m "$url" --serve "127.0.0.1:${port%/}"
hasnt serve.log sesame
drains
