#!/usr/bin/env python3
"""Runs the clients of examples/serve against a server over a scripted model. Usage: examples.py SERVE_PROBE"""
import asyncio
import os
import pathlib
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "serve"))
import judge  # noqa: E402
import openrlhf  # noqa: E402
import verl  # noqa: E402


def check(what, condition):
    print(("ok    " if condition else "FAIL  ") + what)
    if not condition:
        raise SystemExit(1)


def judging(base):
    one = judge.judge(base, judge.PAIR, both_orders=True)
    check("a pair is judged", one["judgment"]["verdict"] == "A" and one["rewards"] == [1, 0])
    many = list(judge.judge_many(base, [judge.PAIR, {"question": "no answers"}, judge.PAIR]))
    check("lines come back in order", ["judgment" in r for r in many] == [True, False, True])
    check("a bad record has its error", many[1]["error"]["line"] == 2)
    events = list(judge.watch(base, judge.PAIR))
    check("a stream begins and ends", (events[0][0], events[-1][0]) == ("start", "done"))
    text = "".join(d["text"] for e, d in events if e == "text")
    check("its words are the judgment's", text == next(d for e, d in events if e == "judgment")["judgment"]["samples"][0]["text"])


def trainers(base):
    two = openrlhf.rewards(base, [("What is 2+2?", "5, wrong", None), ("What is 2+2?", "4, right", None)])
    check("answers to one prompt are ranked", two["rewards"][0] < two["rewards"][1])
    check("OpenRLHF finds all it reads", two["scores"] == two["rewards"] and isinstance(two["extra_logs"], dict))
    one = openrlhf.rewards(base, [("What is 2+2?", "It is 4, right.", "5, wrong")])
    check("a label is compared with", one["rewards"] == [1])
    alone = openrlhf.rewards(base, [("What is 2+2?", "It is 4.", None)])
    check("one alone is rated", abs(alone["rewards"][0] - 7 / 9) < 1e-9 and alone["extra_logs"]["judge_unparsed"] == [0])
    os.environ["RM_JUDGE_URL"] = base
    info = {"question": "What is 2+2?"}
    check("verl's function compares", asyncio.run(verl.compute_score("d", "4, right", "5, wrong", info)) ==
          {"score": 1, "judge_unparsed": 0.0})
    check("verl's function rates", asyncio.run(verl.compute_score("d", "4", "", info))["score"] > 0.7)
    conversation = "<|im_start|>user\nWhat is 2+2?<|im_end|>\n<|im_start|>assistant\nIt is 4.<|im_end|>\n"
    check("verl's classifier gets a number", verl.classify(conversation) > 0.7)
    sglang = verl.ask("/v1/embeddings", {"model": "judge", "input": conversation})
    check("and so it does where SGLang would be", sglang["data"][-1]["embedding"][-1] > 0.7)


def main():
    probe = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE, text=True)
    try:
        base = probe.stdout.readline().strip().rstrip("/")
        judging(base)
        trainers(base)
    finally:
        probe.send_signal(signal.SIGTERM)
        code = probe.wait(30)
    check("the server drains and ends with 0", code == 0)


if __name__ == "__main__":
    main()
