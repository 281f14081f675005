# --show-prompt prints what the model would read, and asks it nothing.
. "$RM_SOURCE/tests/cli/expect.bash"
small_model
ends 0 rm-judge -m "$model" -q 'Why is the sky blue?' -a Rayleigh -b Because --show-prompt
has out 'Why is the sky blue?'
has err tokens
printf '{"question":"q","answer_a":"first","answer_b":"second"}\n{bad\n' >in.jsonl
ends 1 rm-judge -m "$model" --show-prompt --both-orders -i in.jsonl
lines out 3
[ "$(jq -c '.order // .error.code' out | tr '\n' ' ')" = '"ab" "ba" "bad_json" ' ]
head -2 out | jq -e '.tokens == (.ids | length)' >/dev/null
ends 0 rm-judge -m "$model" --show-prompt --form plain -q q -a x -b y
