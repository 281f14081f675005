#!/usr/bin/env python3
"""A judge of known skill, for pipes without a model: records in, the same with traces that rm-judge --reparse reads.

Usage: fake_judge.py [--skill 0.7] [--seed 1] [--none 0] [--rate]
"""
import argparse
import itertools
import json
import random
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--skill", type=float, default=0.7)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--none", type=float, default=0.0)
parser.add_argument("--rate", action="store_true")
args = parser.parse_args()


def sample(rng, better_first, **more):
    swapped = rng.random() < 0.5
    right = "A" if better_first != swapped else "B"
    letter = right if rng.random() < args.skill else "AB"[right == "A"]
    text = "no idea" if rng.random() < args.none else f"<eval>{{}}</eval>\n<answer>[[{letter}]]</answer>"
    return {"order": "ba" if swapped else "ab", "verdict": None, "reason": "no_verdict", "text": text, **more}


for line in sys.stdin:
    record = json.loads(line)
    rng = random.Random(f"{args.seed} {json.dumps(record['bench'])}")
    lists = isinstance(record.get("chosen"), list) and isinstance(record["chosen"][0], str)
    right = len(record["chosen"]) if lists else 1
    answers = right + (len(record["rejected"]) if lists else 1)
    if args.rate:
        marks = [rng.randint(6, 10) if (i < right) == (rng.random() < args.skill) else rng.randint(1, 5) for i in range(answers)]
        judgment = {"ratings": marks, "samples": [{"answer": i, "rating": m, "text": f"<answer>[[{m}]]</answer>"} for i, m in enumerate(marks)]}
    elif lists:
        pairs = [sample(rng, i < right, pair=[i, j]) for i, j in itertools.combinations(range(answers), 2)]
        judgment = {"ranking": list(range(answers)), "samples": pairs}
    else:
        judgment = {"verdict": None, "samples": [sample(rng, record.get("winner", "A") == "A")]}
    judgment["model"] = f"fake-{args.seed}"
    print(line.rstrip("\n")[:-1] + ',"judgment":' + json.dumps(judgment) + "}")
