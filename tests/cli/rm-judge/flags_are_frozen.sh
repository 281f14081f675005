# A new flag is a decision: it needs a line here, one in the man page and a test.
. "$RM_SOURCE/tests/cli/expect.bash"
rm-judge --help | grep -oE '^  (-[a-z],)?--?[a-z-]+' | tr -d ' ' >found
cat >expected <<'LIST'
-q
-a
-b
--samples
--both-orders
--shuffle
--rate
--budget
--retry
--verdict
--rubric
--logprobs
--reparse
--show-prompt
--serve
-m,--model
--api-model
--timeout
--max-inflight
--emit-batch
--from-batch
--adapter
--device
--dtype
--threads
--batch
--context
--deterministic
--temperature
--top-p
--max-tokens
--form
--prompt
--chat
-i,--in
-o,--out
--map
--on-error
--seed
--summary
--dry-run
--quiet
--color
--resume
--shard
--shard-by
--version
--help
LIST
same expected found
