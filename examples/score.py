#!/usr/bin/env python3
"""A reward of one's own: +1 for the right verdict at the end, -1 for any other, and up to 0.5 less for length.

  rm-rl ... --reward-cmd 'python3 examples/score.py'

One line of JSON comes in for each rollout: the pair, and what became of it in "rollout". One number goes out, in order.
"""
import json
import re
import sys

VERDICT = re.compile(r"<answer>\[\[([AB])\]\]</answer>\s*$")


def reward(rollout):
    verdict = VERDICT.search(rollout["reply"])
    right = verdict is not None and verdict[1] == rollout["label"]
    return (1 if right else -1) - min(0.5, len(rollout["reply"]) / 10_000)


for line in sys.stdin:
    print(reward(json.loads(line)["rollout"]), flush=True)
