# The three sets of the paper in their own columns, as DuckDB writes them: the right answers, under the right question.
. "$RM_SOURCE/tests/cli/expect.bash"
cat >sky.jsonl <<'J'
{"chosen":[{"content":"Why?","role":"user"},{"content":"Because.","role":"assistant"}],"rejected":[{"content":"Why?","role":"user"},{"content":"No.","role":"assistant"}],"source":"offsetbias"}
{"chosen":[{"content":"Hi","role":"user"},{"content":"Hello","role":"assistant"},{"content":"And?","role":"user"},{"content":"Fine","role":"assistant"}],"rejected":[{"content":"Hi","role":"user"},{"content":"Hello","role":"assistant"},{"content":"And?","role":"user"},{"content":"Bad","role":"assistant"}],"source":"wildguard"}
{"chosen":[{"content":"M?","role":"user"},{"content":"m","role":"assistant"}],"rejected":[{"content":"M?","role":"user"},{"content":"n","role":"assistant"}],"source":"magpie_ultra"}
J
cat >code.jsonl <<'J'
{"id":"7","input":"Add two numbers.","accepted":"a + b","rejected":"a - b"}
J
cat >math.jsonl <<'J'
{"dataset":"own","prompt":"2x = 6?","initial_reason_steps":"Step 1: halve. ","chosen":"Step 2: x = 3.","rejected":"Step 2: x = 4.","full_chosen":"Step 2: x = 3. So 3.","full_rejected":"Step 2: x = 4. So 4.","answer":"3"}
J
ends 0 rm-distill mix math.jsonl code.jsonl sky.jsonl --exclude source=magpie_ultra -o mixed.jsonl --summary s.json
lines mixed.jsonl 4
has err "sky: 3 seen, 1 excluded, 2 kept"
has err "4 pairs, the better one is A in 2 and B in 2"
# The better answer by source, wherever it stands.
jq -r 'select(.prompt|type=="string") | [.mix.source, .prompt, (if .winner=="A" then .answer_a, .answer_b else .answer_b, .answer_a end)] | join("|")' mixed.jsonl | sort >found
cat >expected <<'T'
code|Add two numbers.|a + b|a - b
math|2x = 6?|Step 1: halve. Step 2: x = 3. So 3.|Step 1: halve. Step 2: x = 4. So 4.
sky|Why?|Because.|No.
T
same expected found
[ "$(jq -c 'select(.prompt|type=="array") | [.prompt[].content, (if .winner=="A" then .answer_a else .answer_b end), .source]' mixed.jsonl)" = '["Hi","Hello","And?","Fine","wildguard"]' ]
none 'select(has("chosen") or has("rejected") or has("accepted") or has("full_chosen") or has("initial_reason_steps") or has("input"))' mixed.jsonl
[ "$(jq -c '[.seen, .kept, .excluded, .out.winner.A, .out.winner.B]' s.json)" = '[5,4,1,2,2]' ]
# The alternation: A, B, A, B.
[ "$(jq -r .winner mixed.jsonl | tr -d '\n')" = ABAB ]
# The order hangs on content and seed, not on names, lines or shapes: here every pair comes in another shape and file.
jq -c '{question: .prompt, answer_a, answer_b, winner}' mixed.jsonl | sort -R >other.jsonl
ends 0 rm-distill mix other.jsonl -o again.jsonl
for f in mixed again; do jq -c '[.prompt, .answer_a, .answer_b, .winner]' $f.jsonl >$f.core; done
same mixed.core again.core
ends 0 rm-distill mix other.jsonl --seed 5 -o third.jsonl
jq -c '[.prompt, .answer_a, .answer_b, .winner]' third.jsonl >third.core
! cmp -s mixed.core third.core
# What mix wrote is a pair that others read.
ends 0 rm-eval prepare pairs mixed.jsonl
lines out 4
# Straight from parquet, where DuckDB is.
command -v duckdb >/dev/null || exit 0
duckdb -c "COPY (SELECT * FROM read_json('sky.jsonl')) TO 'sky.parquet' (FORMAT parquet)"
duckdb -c "COPY (SELECT * FROM 'sky.parquet') TO '/dev/stdout' (FORMAT json)" >sky2.jsonl
ends 0 rm-distill mix sky2.jsonl --exclude source=magpie_ultra
lines out 2
