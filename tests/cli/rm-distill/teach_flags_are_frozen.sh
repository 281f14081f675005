# A new flag is a decision: it needs a line here, one in the man page and a test. teach and correct have the same.
. "$RM_SOURCE/tests/cli/expect.bash"
flags() { rm-distill "$1" --help | grep -oE '^  (-[a-z],)?--?[a-z-]+' | tr -d ' '; }
cat >expected <<'LIST'
--filter
--max-cost-tokens
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
same expected <(flags teach)
same expected <(flags correct)
