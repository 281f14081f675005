# --summary holds the counts of the run, also of one that found bad records.
. "$RM_SOURCE/tests/cli/expect.bash"
{ judged 9; echo '{broken'; } >in.jsonl
ends 1 rm-judge --reparse -i in.jsonl --summary s.json
[ "$(jq -c '[.records,.judged,.failed,.unparsed,.labelled,.correct,.exit]' s.json)" = '[10,9,1,0,9,9,1]' ]
jq -e '.accuracy.share == 1 and .accuracy.low < 1 and .seconds >= 0' s.json >/dev/null
