# Flags that would do nothing are refused by name; a full disk is 5 at once; a dry run counts.
. "$RM_SOURCE/tests/cli/expect.bash"
echo '{"question":"q","answer_a":"x","answer_b":"y","winner":"A"}' >in.jsonl
refused() { ends 2 rm-distill "$@"; has err "$flag"; }
for flag in --form --prompt --map; do
  case $flag in --form) value=cor ;; --prompt) value=in.jsonl ;; --map) value=prompt=.x ;; esac
  refused correct -m http://localhost:1/v1 -i in.jsonl $flag $value
done
for verb in teach correct; do
  flag=--max-cost-tokens
  refused $verb -i in.jsonl --emit-batch b.jsonl --max-cost-tokens 9
  refused $verb -i in.jsonl --from-batch b.jsonl --max-cost-tokens 9
  refused $verb -i in.jsonl --dry-run --max-cost-tokens 9
  refused $verb -i in.jsonl --max-cost-tokens 0
  flag=--resume
  refused $verb -i in.jsonl --resume
  flag=--dry-run
  refused $verb -i in.jsonl --dry-run -o out.jsonl
  flag=--emit-batch
  refused $verb -i in.jsonl --emit-batch b.jsonl -o out.jsonl
  refused $verb -i in.jsonl --emit-batch b.jsonl --from-batch c.jsonl
  flag=--summary
  refused $verb -i in.jsonl --summary in.jsonl
  flag=--filter
  refused $verb -i in.jsonl --filter rewardbench
  ends 3 rm-distill $verb -m http://localhost:1/v1 -i nothing.jsonl
  ends 2 rm-distill $verb -m http://localhost:1/v1 --deterministic -i in.jsonl
done
[ ! -e b.jsonl ]
# The student's prompt does not follow the teacher: a batch is written without any model.
ends 0 rm-distill teach -i in.jsonl --emit-batch b.jsonl
[ "$(jq -c '[.body.messages[].role]' b.jsonl)" = '["system","user"]' ]
ends 0 rm-distill teach -i in.jsonl --form plain --emit-batch b.jsonl
[ "$(jq -c '[.body.messages[].role]' b.jsonl)" = '["user"]' ]
echo '{"user":"{question} {answer_a} {answer_b}"}' >prompt.json
ends 0 rm-distill teach -i in.jsonl --prompt prompt.json --emit-batch b.jsonl
[ "$(jq -c .body.messages b.jsonl)" = '[{"role":"user","content":"q x y"}]' ]
ends 2 rm-distill teach -i in.jsonl --prompt in.jsonl --emit-batch b.jsonl
if [ -w /dev/full ]; then
  server --teacher
  for i in $(seq 200); do echo '{"question":"q'"$i"'","answer_a":"x","answer_b":"y","winner":"A"}'; done >many.jsonl
  ends 5 rm-distill teach -m "$url" -i many.jsonl -o /dev/full
  rc=0; rm-distill teach -m "$url" -i many.jsonl >/dev/full 2>err || rc=$?
  [ $rc -eq 5 ] || { echo "ended with $rc"; exit 1; }
  has err 'No space left'
  ends 5 rm-distill teach -m "$url" -i many.jsonl -o good.jsonl --summary /nonexistent/summary.json
  lines good.jsonl 200
fi
