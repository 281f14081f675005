# --retry asks again only where a verdict is missing: cut traces are closed by force, finished records pass through untouched.
. "$RM_SOURCE/tests/cli/expect.bash"
server
judged 3 >in.jsonl
python3 - >>in.jsonl <<'P'
import json
usage = {"prompt_tokens": 9, "completion_tokens": 5}
def record(i, text, reason, finish):
    sample = {"order": "ab", "verdict": None, "reason": reason, "type": None, "text": text, "reasoning": "", "p_a": None,
              "finish_reason": finish, "usage": usage}
    return {"id": i, "question": f"q{i}", "answer_a": "x", "answer_b": "y", "winner": "A",
            "judgment": {"verdict": None, "preferred": None, "correct": False, "confidence": None,
                         "votes": {"A": 0, "B": 0, "none": 1}, "consistent": None, "samples": [sample], "model": "m",
                         "prompt_id": "p", "seed": 0}}
print(json.dumps(record(4, "The first answer", "length", "length")))
print(json.dumps(record(5, "<answer>[[A]]</answer><answer>[[B]]</answer>", "conflict", "stop")))
print(json.dumps({"id": 6, "question": "q6", "answer_a": "x", "answer_b": "y", "error": {"code": "endpoint", "message": "gone", "line": 6}}))
P
ends 0 rm-judge -m "$url" --retry unparsed -i in.jsonl
lines out 6
same <(head -n 3 in.jsonl) <(head -n 3 out)
none 'select(.error or .judgment.verdict == null)' out
sed -n 4p out | jq -e '.judgment.samples[0] | .closed and (.text | startswith("The first answer\n<answer>[["))'
sed -n 5p out | jq -e '.judgment.samples[0].closed == null'
[ "$(served | jq .asked)" = 3 ]
# Once more: everything passes through.
cp out again
ends 0 rm-judge -m "$url" --retry unparsed -i again
same again out
[ "$(served | jq .asked)" = 3 ]
ends 2 rm-judge --retry unparsed --reparse -i in.jsonl
