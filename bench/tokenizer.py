#!/usr/bin/env python3
"""Encoding speed of lib/text beside Hugging Face's `tokenizers` (Rust), same texts, one thread each, in one run.

For each vocabulary and kind of text, passes of the two alternate; a pass encodes every text and its CPU time is taken
(user and system), of which the median counts. Cold: no piece has been seen yet (a new thread here, a cleared cache
there). Warm: the pass after. `tokenizers` makes each pass twice, as one batch without offsets (encode_batch_fast) and
text by text (encode), and the quicker counts; making Python lists of its ids is not counted. The ids of all texts must
be equal, or the run fails.
    tokenizer.py [--rounds 5] [--probe build/bin/text-probe]
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import tokenizer_texts  # noqa: E402
import tokenizers  # noqa: E402
from tokenizer_texts import oracle  # noqa: E402


class Ours:
    def __init__(self, probe, path):
        self.child = subprocess.Popen([probe, "speed", str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def say(self, row):
        self.child.stdin.write((json.dumps(row, ensure_ascii=False) + "\n").encode())

    def texts(self, texts):
        self.say({"clear": True})
        for text in texts:
            self.say({"text": text})

    def encode(self, kind):
        self.say({"pass": kind})
        self.child.stdin.flush()
        answer = json.loads(self.child.stdout.readline())
        return answer["ns"], answer["ids"], answer["hash"]

    def close(self):
        self.child.stdin.close()
        self.child.wait()


class Theirs:
    def __init__(self, vocabulary):
        self.tokenizer = oracle.build_oracle(vocabulary, False)

    def texts(self, texts):
        self.all = texts

    def encode(self, kind):
        quickest = None
        for way in (self.batch, self.one_by_one):
            if kind == "cold":
                self.tokenizer.model._clear_cache()
            began = time.process_time_ns()  # of all threads, should it start any
            out = way()
            took = time.process_time_ns() - began
            quickest = min(took, quickest or took)
        return quickest, out

    def batch(self):
        return self.tokenizer.encode_batch_fast(self.all, add_special_tokens=False)

    def one_by_one(self):
        return [self.tokenizer.encode(text, add_special_tokens=False) for text in self.all]


def digest(encodings):
    """What the probe prints: the number of ids and a hash of them, text after text."""
    h, count = 0xCBF29CE484222325, 0
    for e in encodings:
        ids = e.ids
        count += len(ids)
        for b in b"".join(i.to_bytes(4, "little") for i in ids):
            h = (h ^ b) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return count, f"{h:016x}"


def measure(ours, theirs, texts, rounds):
    """Megabytes a second, ours and theirs, by kind of pass; None where the ids differ."""
    ours.texts(texts)
    theirs.texts(texts)
    size = sum(len(t.encode()) for t in texts)
    want = digest(theirs.encode("warm")[1])
    times = {(who, kind): [] for who in "ot" for kind in ("cold", "warm")}
    for _ in range(rounds):
        for kind in ("cold", "warm"):
            ns, *got = ours.encode(kind)
            if tuple(got) != want:
                return None
            times["o", kind].append(ns)
            times["t", kind].append(theirs.encode(kind)[0])
    return {k: size / 1e6 / (statistics.median(v) / 1e9) for k, v in times.items()}


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--rounds", type=int, default=5)
    args.add_argument("--probe")
    args = args.parse_args()
    probe = args.probe or oracle.probe()
    kinds = tokenizer_texts.kinds()
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "CPU")
    print(f"{cpu}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, one thread each, median CPU time of {args.rounds} "
          f"alternating passes; tokenizers {tokenizers.__version__}")
    print(f"{'vocabulary':11}{'text':19}{'MB':>5}   {'cold: ours':>10} {'theirs':>7} {'ratio':>6}   "
          f"{'warm: ours':>10} {'theirs':>7} {'ratio':>6}   MB/s")
    failed = False
    for name in ("qwen2.5", "llama3", "smollm2"):
        vocabulary = oracle.read_vocabulary(name)
        if not vocabulary:
            print(f"{name}: skipped, {oracle.VOCABULARIES[name][1].name} is not here")
            continue
        ours, theirs = Ours(probe, oracle.VOCABULARIES[name][1]), Theirs(vocabulary)
        for kind, texts in kinds.items():
            m = measure(ours, theirs, texts, args.rounds)
            if not m:
                failed = True
                print(f"{name:11}{kind:19} the ids differ")
                continue
            row = "".join(f"   {m['o', k]:10.1f} {m['t', k]:7.2f} {m['o', k] / m['t', k]:6.1f}" for k in ("cold", "warm"))
            print(f"{name:11}{kind:19}{sum(len(t.encode()) for t in texts) / 1e6:5.1f}{row}", flush=True)
        ours.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
