#!/usr/bin/env python3
"""A reward that costs nothing and splits every group: +1 or -1 by a checksum of the reply. For bench/grpo.py, both sides.

As a program (rm-rl --reward-cmd): one JSON object a line with "rollout": {"reply": ...} in, one number a line out.
"""
import json
import sys
import zlib


def reward(reply):
    return 1.0 if zlib.crc32(reply.encode("utf-8", "replace")) & 1 else -1.0


if __name__ == "__main__":
    for line in sys.stdin:
        print(reward(json.loads(line)["rollout"]["reply"]), flush=True)
