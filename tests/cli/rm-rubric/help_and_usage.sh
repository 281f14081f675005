# Help and version at once; flags that would do nothing, or go against each other, are refused with 2.
. "$RM_SOURCE/tests/cli/expect.bash"
ends 0 rm-rubric --version
ends 0 rm-rubric --help
for verb in generate extract vet stats; do
  has out "$verb"
  rm-rubric $verb --help >help
  grep -q '^Examples:' help
done
echo '{"response":"<rubric>1. A (40%)</rubric>"}' >in.jsonl
ends 2 rm-rubric
ends 2 rm-rubric judge
ends 2 rm-rubric extract -i in.jsonl --dry-run
ends 2 rm-rubric extract -i in.jsonl --resume
ends 2 rm-rubric extract -i in.jsonl --samples 2
ends 2 rm-rubric extract -i in.jsonl -o out.jsonl --summary out.jsonl
ends 2 rm-rubric extract -i in.jsonl --shard 3/2
ends 2 rm-rubric generate -i in.jsonl --prompt p.json
has err --prompt
ends 2 rm-rubric generate -i in.jsonl --emit-batch r.jsonl --from-batch s.jsonl
ends 2 rm-rubric generate -i in.jsonl --dry-run -o out.jsonl
ends 2 rm-rubric generate -i in.jsonl --dry-run --resume
ends 2 rm-rubric vet -i in.jsonl --samples 0
ends 2 rm-rubric vet -i in.jsonl --samples 3 --temperature 0
ends 2 rm-rubric vet -i in.jsonl --orders three
ends 2 rm-rubric stats -i in.jsonl --map prompt=.x
ends 3 rm-rubric extract -i missing.jsonl
ends 3 rm-rubric stats -i missing.jsonl
