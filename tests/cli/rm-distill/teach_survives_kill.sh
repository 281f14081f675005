# kill -9 at 20 random moments of both passes, each followed by --resume: the bytes of undisturbed runs.
. "$RM_SOURCE/tests/cli/expect.bash"
server --teacher --repeat 0.3 --delay 0.02
pairs 120 | jq -c 'if has("answer_a") then .winner = (if .id % 2 == 0 then "A" else "B" end) else . end' >in.jsonl
ends 0 rm-distill teach -m "$url" -i in.jsonl -o taught.jsonl
ends 0 rm-distill correct -m "$url" -i taught.jsonl -o chains.jsonl
for pass in "teach in.jsonl taught.jsonl" "correct taught.jsonl chains.jsonl"; do
  read -r verb from want <<<"$pass"
  survives_kills "$want" 10 0.5 2000 rm-distill "$verb" -m "$url" --max-inflight 4 --quiet -i "$from"
done
