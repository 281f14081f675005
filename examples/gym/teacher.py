#!/usr/bin/env python3
"""The gym's teacher: answers a batch of rm-distill teach by rule, with traces that say what decides.

    rm-distill mix sft.jsonl -o pairs.jsonl
    rm-distill teach -i pairs.jsonl --prompt prompt.json --api-model rule --emit-batch requests.jsonl
    python3 teacher.py pairs.jsonl requests.jsonl > results.jsonl
    rm-distill teach -i pairs.jsonl --prompt prompt.json --api-model rule --from-batch results.jsonl -o chains.jsonl

A trace is one line: what A and B say, what the question needs and who says it, the verdict. The teacher reads step, need and says of
a record and never which answer is labelled the better one. A request that belongs to no record ends it with 1.
"""
import json
import sys


def judge(record, a, b):
    """The trace for answers a and b as they are shown."""
    need, says_a, says_b = record["need"], record["says"][a], record["says"][b]
    fits = [need in says.split() for says in (says_a, says_b)]
    if fits[0] == fits[1]:
        raise ValueError(f"both or neither of {a!r} and {b!r} fit {record['prompt']!r}")
    right = "A" if fits[0] else "B"
    return f"{says_a} A, {says_b} B. {record['step']} {need} {right}. <answer>[[{right}]]</answer>"


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: teacher.py PAIRS REQUESTS > RESULTS")
    shown = {}
    for line in open(sys.argv[1], encoding="utf-8"):
        r = json.loads(line)
        one, two = (r["chosen"], r["rejected"]) if "chosen" in r else (r["answer_a"], r["answer_b"])
        for a, b in ((one, two), (two, one)):
            shown[f"{r['prompt']}\nA: {a}\nB: {b}"] = (r, a, b)
    for line in open(sys.argv[2], encoding="utf-8"):
        request = json.loads(line)
        text = request["body"]["messages"][-1]["content"]
        if text not in shown:
            sys.exit(f"teacher.py: {sys.argv[2]}: {request['custom_id']}: no record of {sys.argv[1]} makes this prompt (is --prompt the gym's?)")
        reply = {"index": 0, "message": {"role": "assistant", "content": judge(*shown[text])}, "finish_reason": "stop"}
        body = {"id": "rule", "model": "rule", "choices": [reply], "usage": {"prompt_tokens": 0, "completion_tokens": 0}}
        print(json.dumps({"id": "rule", "custom_id": request["custom_id"], "response": {"status_code": 200, "body": body}, "error": None}))


if __name__ == "__main__":
    main()
