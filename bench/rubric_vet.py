#!/usr/bin/env python3
"""Rubrics of the default model on pairs of RMB: made, read, vetted in both orders with one sample, and what that comes to.

  rubric_vet.py BUILD RMB_FOLDER [--pairs 24] [--longest 1500] [--orders both|one] [--contrast] [--max-tokens 512] [--keep FOLDER] [-m MODEL]

The pairs are drawn with seed 0 from RMB's pairwise set, of those whose question and answers have at most so many characters together. With
--keep an interrupted run goes on where it was. Prints the conditions, what vet says, and its own count of the records beside it.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import tempfile
import time


def length(x):
    return len(x) if isinstance(x, str) else sum(len(m["content"]) for m in x)


def run(program, *args):
    began, done = time.monotonic(), subprocess.run([program, *map(str, args)], stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{program} ended with {done.returncode}: {done.stderr[-500:]}")
    return time.monotonic() - began, done.stderr


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build", type=pathlib.Path)
    p.add_argument("rmb", type=pathlib.Path)
    p.add_argument("--pairs", type=int, default=24)
    p.add_argument("--longest", type=int, default=1500)
    p.add_argument("--orders", default="both")
    p.add_argument("--contrast", action="store_true")
    p.add_argument("--max-tokens", type=int, default=512)
    p.add_argument("--keep", type=pathlib.Path)
    p.add_argument("-m", "--model", action="append", default=[])
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = a.keep or pathlib.Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        bin_ = a.build / "bin"
        run(bin_ / "rm-eval", "prepare", "rmb", a.rmb, "-o", work / "all.jsonl")
        rows = [json.loads(line) for line in open(work / "all.jsonl", encoding="utf-8")]
        short = [r for r in rows if r["bench"]["subset"].startswith("Pairwise") and length(r["prompt"]) + length(r["chosen"]) + length(r["rejected"]) <= a.longest]
        picked = random.Random(0).sample(short, a.pairs)
        (work / "pairs.jsonl").write_text("".join(json.dumps(r) + "\n" for r in picked), encoding="utf-8")
        model = [x for m in a.model for x in ("-m", m)]
        common = [*model, "--max-tokens", a.max_tokens, "--resume"]
        made, said = run(bin_ / "rm-rubric", "generate", "-i", work / "pairs.jsonl", "-o", work / "rubrics.jsonl", *common)
        print(f"{a.pairs} pairs of RMB's pairwise set, at most {a.longest} characters, greedy, at most {a.max_tokens} tokens a reply; load {os.getloadavg()[0]:.1f}")
        print(f"generate, {made:.0f} s: {said.strip()}")
        took, said = run(bin_ / "rm-rubric", "vet", "-i", work / "rubrics.jsonl", "-o", work / "vetted.jsonl", "--orders", a.orders,
                         *(["--contrast"] if a.contrast else []), *common)
        print(f"vet, orders {a.orders}, one sample, {took:.0f} s:\n{said.strip()}")
        vets = [v for v in (json.loads(line).get("vet") for line in open(work / "vetted.jsonl", encoding="utf-8")) if v]
        tokens = sum(s["usage"]["completion_tokens"] for v in vets for k in ("with", "without") for s in v[k]["samples"])
        right = {k: sum(bool(v[k]["correct"]) for v in vets) for k in ("with", "without")}
        print(f"counted apart: {sum(v['kept'] for v in vets)} of {len(vets)} kept, right with {right['with']}, without {right['without']}; {tokens} reply tokens")


if __name__ == "__main__":
    main()
