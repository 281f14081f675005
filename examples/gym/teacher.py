#!/usr/bin/env python3
"""The gym's teacher: answers a batch of rm-distill teach by rule, with traces that say what decides.

    rm-distill mix sft.jsonl -o pairs.jsonl
    rm-distill teach -i pairs.jsonl --prompt prompt.json --api-model rule --emit-batch requests.jsonl
    python3 teacher.py pairs.jsonl requests.jsonl > results.jsonl
    rm-distill teach -i pairs.jsonl --prompt prompt.json --api-model rule --from-batch results.jsonl -o chains.jsonl

A trace is one line: what A and B say, what the question needs and who says it, the verdict. The teacher sees step, need and says of
a record and never which answer is labelled the better one. With --miss 0.25 it takes the other answer in about a quarter of the pairs, as
a teacher that is no rule does, so that rm-distill correct has something to ask again. A request that belongs to no record ends it with 1.
"""
import argparse
import json
import sys
import zlib


def judge(record, a, b, miss):
    """The trace for answers a and b as they are shown; `miss`: for the answer that does not fit."""
    need, says_a, says_b = record["need"], record["says"][a], record["says"][b]
    fits = [need in says.split() for says in (says_a, says_b)]
    if fits[0] == fits[1]:
        raise ValueError(f"both or neither of {a!r} and {b!r} fit {record['prompt']!r}")
    right = "A" if fits[0] != miss else "B"
    return f"{says_a} A, {says_b} B. {record['step']} {need} {right}. <answer>[[{right}]]</answer>"


def answers(record):
    """Both, in the shape of the gym or in that of rm-distill mix."""
    return (record["chosen"], record["rejected"]) if "chosen" in record else (record["answer_a"], record["answer_b"])


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("pairs")
    p.add_argument("requests")
    p.add_argument("--miss", type=float, default=0, help="share of the pairs that are judged wrongly (default 0)")
    args = p.parse_args()
    shown = {}
    for line in open(args.pairs, encoding="utf-8"):
        r = json.loads(line)
        first, second = answers(r)
        for a, b in ((first, second), (second, first)):
            shown[f"{r['prompt']}\nA: {a}\nB: {b}"] = (r, a, b)
    for line in open(args.requests, encoding="utf-8"):
        request = json.loads(line)
        text = request["body"]["messages"][-1]["content"]
        # A second pass goes on after the pair with a note.
        found = [of for pair, of in shown.items() if text == pair or text.startswith(pair + "\n\n")]
        if not found:
            sys.exit(f"teacher.py: {args.requests}: {request['custom_id']}: no record of {args.pairs} makes this prompt (is --prompt the gym's?)")
        miss = zlib.crc32(request["custom_id"].encode()) % 1000 < 1000 * args.miss
        reply = {"index": 0, "message": {"role": "assistant", "content": judge(*found[0], miss)}, "finish_reason": "stop"}
        body = {"id": "rule", "model": "rule", "choices": [reply], "usage": {"prompt_tokens": 0, "completion_tokens": 0}}
        print(json.dumps({"id": "rule", "custom_id": request["custom_id"], "response": {"status_code": 200, "body": body}, "error": None}))


if __name__ == "__main__":
    main()
