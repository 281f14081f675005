#!/usr/bin/env python3
"""How steady the default model is: 20 pairs of RM-Bench in both orders with three samples each, as shares with intervals.

  both_orders.py BUILD [--pairs 20] [--samples 3] [--max-tokens 512]
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import llama
from agreement import share


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("build", type=pathlib.Path)
    args.add_argument("--pairs", type=int, default=20)
    args.add_argument("--samples", type=int, default=3)
    args.add_argument("--max-tokens", type=int, default=512)
    a = args.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch, "pairs.jsonl")
        path.write_text("".join(json.dumps(p) + "\n" for p in llama.pairs(a.pairs)))
        began = time.monotonic()
        run = subprocess.run([str(a.build / "bin/rm-judge"), "-m", str(llama.DEFAULT_MODEL), "-i", str(path), "--both-orders",
                              "--samples", str(a.samples), "--max-tokens", str(a.max_tokens), "--quiet"],
                             stdout=subprocess.PIPE, text=True)
        if run.returncode != 0:
            sys.exit(f"rm-judge ended with {run.returncode}")
        seconds = time.monotonic() - began
    judgments = [json.loads(line)["judgment"] for line in run.stdout.splitlines()]
    samples = [s for j in judgments for s in j["samples"]]
    tokens = sum(s["usage"]["completion_tokens"] for s in samples)
    print(f"{llama.DEFAULT_MODEL.name}, own prompt, {a.pairs} pairs of RM-Bench, both orders, {a.samples} samples at temperature 1, "
          f"at most {a.max_tokens} tokens: {seconds:.0f} s, {tokens} reply tokens; load {os.getloadavg()[0]:.1f}")
    both = [j for j in judgments if j["consistent"] is not None]
    parsed = [s for s in samples if s["verdict"]]
    share("samples with a verdict", len(parsed), len(samples))
    share("verdicts that say A", sum(s["verdict"] == "A" for s in parsed), len(parsed))
    share("both orders agree", sum(j["consistent"] for j in both), len(both))
    share("ties", sum(j["verdict"] == "tie" for j in judgments), len(judgments))
    share("right", sum(bool(j["correct"]) for j in judgments), len(judgments))
    decided = [j for j in judgments if j["verdict"] in ("A", "B")]
    share("right where there is a winner", sum(bool(j["correct"]) for j in decided), len(decided))


if __name__ == "__main__":
    main()
