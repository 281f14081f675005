# The man page's DuckDB lines, run as they stand on parquet files that this test makes. Needs DuckDB's program: RM_DUCKDB=PATH.
. "$RM_SOURCE/tests/cli/expect.bash"
[ -n "${RM_DUCKDB:-}" ] || skip "RM_DUCKDB is not set"
mkdir bin
ln -s "$RM_DUCKDB" bin/duckdb
export PATH=$PWD/bin:$PATH
duckdb -c "COPY (SELECT i AS id, 'hep-go' AS subset, 'q' || i AS prompt, 'good' AS chosen, 'm' AS chosen_model, 'bad' AS rejected,
  'n' AS rejected_model FROM range(164) t(i)) TO 'filtered-0.parquet'"
duckdb -c "COPY (SELECT 'ref:' || i AS id, 'q' || i AS prompt, ['a'] AS chosen, ['b','c','d'] AS rejected, 1 AS num_correct, 'Ties' AS subset
  FROM range(3) t(i)) TO 'test-0.parquet'"
duckdb -c "COPY (SELECT 'q' || i AS prompt, [{'role':'user','content':'q' || i}, {'role':'assistant','content':'yes'}] AS chosen,
  [{'role':'user','content':'q' || i}, {'role':'assistant','content':'no'}] AS rejected FROM range(5) t(i)) TO 'train-0.parquet'"
# The examples of PARQUET, one a paragraph, each with an output of its own.
mandoc -T ascii -O width=200 "$RM_SOURCE/man/rm-eval.1" | sed 's/.\x08//g' | sed -n '/^PARQUET/,/^ENVIRONMENT/p' >section
awk 'BEGIN { n = 0 } /^ +duckdb -c/ { n++ } n && /^ *$/ { next } n && !/^[A-Z]/ { print > ("example" n) }' section
[ -e example3 ]
for i in 1 2 3; do
  bash -euo pipefail "example$i"
  mv pairs.jsonl "pairs$i.jsonl"
  json "pairs$i.jsonl"
done
lines pairs1.jsonl 164
lines pairs2.jsonl 3
lines pairs3.jsonl 5
for i in 1 2 3; do jq -e '.bench.name' "pairs$i.jsonl" >/dev/null; done
fake_judge --skill 1 <pairs1.jsonl | rm-eval score --partial --json | jq -e '.overall.value == 1' >/dev/null
fake_judge --skill 1 <pairs3.jsonl | rm-eval score --json | jq -e '.overall.value == 1' >/dev/null
