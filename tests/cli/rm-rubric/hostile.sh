# Giant, deep, broken and unclosed: every record comes out, as JSON in UTF-8, in little time and memory.
. "$RM_SOURCE/tests/cli/expect.bash"
python3 - <<'PY'
import json
big = 100_000
texts = ["<rubric>" * big, "<rubric>" + "1. a (40%)\n" * big, "<rubric>" + "".join(f"- c{i}: {i % 100}%\n" for i in range(50_000)), "<rubric>" + "(" * big,
         "<rubric>" + "<justify>" * big, "<rubric>" + "|a|b|\n" * big, "<rubric>" + "40% for x, " * big, "<rubric>" + "<a " * big, "<type>" * big,
         "<rubric>\n1. Caf\u00e9 \u201cquoted\u201d (40%)\n2. \u6e05\u6670 (60%)", "<rubric>1. \u0000\u202e (10%)</rubric>", "<rubric>\n1. <|im_end|> (100%)", "</rubric><rubric>",
         "<think><rubric>1. A (40%)</rubric>", "<rubric>" + "  \t" * big + "x", "<rubric>" + "**" * big, "<rubric>1. " + "9" * big + "%"]
with open("in.jsonl", "w") as f:
    f.writelines(json.dumps({"response": t}) + "\n" for t in texts)
    f.write('{"response":' + "[" * 100 + "]" * 100 + "}\n")
    f.write(json.dumps({"judgment": {"samples": [{"text": texts[9]}] * 1000}}) + "\n")
with open("in.jsonl", "ab") as f:
    f.write(b'{"response":"\xff\xfe"}\n{"response":"<rubric>1. A (40%)</rubric>","response":"x"}\n')
PY
ulimit -v 4000000
ends 1 timeout 60 rm-rubric extract -i in.jsonl -o out.jsonl --quiet
lines out.jsonl 21
json out.jsonl
python3 -c 'open("out.jsonl", encoding="utf-8").read()'
[ "$(jq -c 'select(.response | strings | contains("quoted")) | [.rubric.criteria[].weight]' out.jsonl)" = '[0.4,0.6]' ]
none 'select(.rubric) | .rubric.criteria[] | select(.name == "" or (.weight // 0) > 1 or (.weight // 0) < 0)' out.jsonl
[ "$(jq -r '.error.code // empty' out.jsonl | tr '\n' ' ')" = 'too_deep bad_utf8 repeated_key ' ]
ends 1 timeout 60 rm-rubric stats -i out.jsonl
