# --dry-run reads everything, counts, and loads no weights; a prompt over the context is counted, never cut.
. "$RM_SOURCE/tests/cli/expect.bash"
small_model
python3 - <<'PY'
import json
with open("in.jsonl", "w") as f:
    for i in range(3):
        f.write(json.dumps({"question": "q%d" % i, "answer_a": "x", "answer_b": "y"}) + "\n")
    f.write(json.dumps({"question": "q", "answer_a": "word " * 20000, "answer_b": "y"}) + "\n{bad\n")
PY
ends 1 rm-judge -m "$model" --dry-run -i in.jsonl
[ "$(jq -c '[.records,.failed,.prompts,.too_long]' out)" = '[5,1,4,1]' ]
jq -e '.longest_prompt > 20000 and .prompt_tokens > .longest_prompt' out >/dev/null
