#!/usr/bin/env python3
"""Pairs of RMB through rm-distill mix, teach and correct with one model as both teachers, and a check that owes nothing to them.

  chains.py BUILD RMB_FOLDER [--pairs 60] [--keep FOLDER] [--max-tokens 512] [-m MODEL]
  chains.py --check MIXED TAUGHT CHAINS

The pairs stand evenly over RMB's. The check reads the files alone: the winner alternates; every kept chain holds the mark of the
right verdict in its last 100 characters; the prompt shows the winner under the letter that is called right; no prompt or response
holds a part of the hint; what the first pass kept came through the second byte for byte. It then prints the counts.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time


def text_of(turns):
    return turns if isinstance(turns, str) else turns[-1]["content"]


def check(mixed, taught, chains):
    lines = [[l for l in open(f, encoding="utf-8").read().split("\n") if l] for f in (mixed, taught, chains)]
    rows = [[json.loads(l) for l in part] for part in lines]
    assert len(rows[0]) == len(rows[1]) == len(rows[2]), [len(r) for r in rows]
    assert [r["winner"] for r in rows[0]] == ["AB"[i % 2] for i in range(len(rows[0]))], "the winner does not alternate"
    for pair, first, second, kept_line, line in zip(*rows, lines[1], lines[2]):
        assert all(first[k] == pair[k] == second[k] for k in pair), "a field of the pair changed"
        assert first["messages"] == second["messages"], "the student's prompt changed"
        shown = first["messages"][-1]["content"]
        for letter in "AB":
            place = re.search(r"\[Answer of chatbot %s begins\]\n(.*?)\n\[Answer of chatbot %s ends\]" % (letter, letter), shown, re.S)
            if place:
                assert place[1] == text_of(pair["answer_" + letter.lower()]), "an answer stands under the other letter"
        for r in (first, second):
            right = pair["winner"]
            assert r["chain"]["verdict"] == right, "the right verdict is not the winner"
            kept = r["chain"]["status"] == "kept"
            assert kept == ("response" in r), "a response that is not kept, or none that is"
            for text in [m["content"] for m in r["messages"]] + ([r["response"]] if kept else []):
                assert not re.search("note to the judge|another judge|the other judge", text, re.I), "the hint came through"
            if kept:
                assert f"[[{right}]]" in r["response"][-100:], "a kept chain does not end in the right verdict"
        if first["chain"]["status"] == "kept":
            assert kept_line == line, "a kept chain was changed by the second pass"
    for name, part in (("teach", rows[1]), ("correct", rows[2])):
        status = collections.Counter((r["chain"]["status"], r["chain"]["pass"]) for r in part)
        reasons = collections.Counter(r["chain"]["reason"] for r in part if r["chain"]["status"] != "kept")
        balance = collections.Counter(r["chain"]["verdict"] for r in part if "response" in r)
        print(f"{name}: {len(part)} records, {sum('response' in r for r in part)} kept; A {balance['A']}, B {balance['B']}; "
              f"{dict(sorted((f'{s} in pass {p}', n) for (s, p), n in status.items()))}; {dict(reasons)}")
    print("every kept chain ends in the right verdict; no hint in any prompt or response")


def main():
    if sys.argv[1:2] == ["--check"]:
        return check(*sys.argv[2:5])
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("build", type=pathlib.Path)
    args.add_argument("rmb", type=pathlib.Path)
    args.add_argument("--pairs", type=int, default=60)
    args.add_argument("--keep", type=pathlib.Path, help="go on with the files of an earlier run here")
    args.add_argument("--max-tokens", default="512")
    args.add_argument("-m", "--model")
    a = args.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = a.keep or pathlib.Path(scratch)
        folder.mkdir(exist_ok=True)
        run = lambda *command: subprocess.run([str(a.build / "bin" / command[0]), *map(str, command[1:])], check=True)
        run("rm-eval", "prepare", "rmb", a.rmb, "-o", folder / "rmb.jsonl")
        with open(folder / "rmb.jsonl", encoding="utf-8") as f:
            pairs = [line for line in f if isinstance(json.loads(line)["chosen"], str)]
        (folder / "pairs.jsonl").write_text("".join(pairs[i * len(pairs) // a.pairs] for i in range(a.pairs)), encoding="utf-8")
        run("rm-distill", "mix", folder / "pairs.jsonl", "-o", folder / "mixed.jsonl")
        model = ["-m", a.model] if a.model else []
        for verb, before, after in (("teach", "mixed", "taught"), ("correct", "taught", "chains")):
            start = time.time()
            run("rm-distill", verb, *model, "--max-tokens", a.max_tokens, "-i", folder / f"{before}.jsonl", "-o", folder / f"{after}.jsonl",
                "--resume")
            print(f"{verb}: {time.time() - start:.0f} s; {os.cpu_count()} vCPU, load {os.getloadavg()[0]:.1f}")
        check(*(folder / f"{name}.jsonl" for name in ("mixed", "taught", "chains")))


if __name__ == "__main__":
    main()
