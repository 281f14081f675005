#!/usr/bin/env python3
"""Pairs per minute: rm-judge against llama.cpp's server, same GGUF, pairs, prompt and token limit, one run.

The server is swept over slot counts on a few pairs, then both run the rest; peak memory, tokens and load are printed. With --six
every pair is judged six times, three samples in each order at temperature 1.
"""
import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time

import llama
from agreement import share


def cpu() -> str:
    model, flags = "", ""
    for line in open("/proc/cpuinfo"):
        model = model or (line.split(":")[1].strip() if line.startswith("model name") else "")
        flags = flags or (line if line.startswith("flags") else "")
    isa = [f for f in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8") if f in flags]
    return f"{model}, {os.cpu_count()} vCPU, {' '.join(isa)}, load {os.getloadavg()[0]:.1f}"


def six_times(records):
    swapped = [{**r, "answer_a": r["answer_b"], "answer_b": r["answer_a"]} for r in records]
    return [r for pair in zip(records, swapped) for r in pair for _ in range(3)]


def run_server(records, model, slots, args, ignore_eos=False):
    with llama.Server(model, slots, args.context, args.threads) as server:
        server.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4})
        start = time.monotonic()
        asked = six_times(records) if args.six else records
        replies = server.judge(asked, args.max_tokens, slots, ignore_eos=ignore_eos, **({"temperature": 1} if args.six else {}))
        seconds = time.monotonic() - start
        memory = llama.peak_rss(server.process.pid)
    usage = [r["usage"] for r in replies]
    texts = [r["choices"][0]["message"]["content"] for r in replies]
    return seconds, sum(u["prompt_tokens"] for u in usage), sum(u["completion_tokens"] for u in usage), memory, texts


def judge(records, model, args, extra=()):
    """What rm-judge writes of these records with the published prompt, in how many seconds, and its peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pairs.jsonl")
        with open(path, "w") as f:
            f.writelines(json.dumps(r) + "\n" for r in records)
        prompts = str(llama.shared() / "upstream-prompts.json")
        command = [str(llama.ROOT / "build/bin/rm-judge"), "-m", str(model), "--prompt", prompts, "--form", "cor", "-i", path,
                   "--max-tokens", str(args.max_tokens), "--threads", str(args.threads), "--quiet", *extra]
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            raise SystemExit(f"rm-judge ended with {os.waitstatus_to_exitcode(status)}")
    return out, seconds, usage.ru_maxrss * 1024


def run_ours(records, model, args, extra=()):
    out, seconds, memory = judge(records, model, args, extra)
    judged = [json.loads(line)["judgment"] for line in out.splitlines()]
    samples = [s for j in judged for s in j["samples"]]
    return (seconds, sum(s["usage"]["prompt_tokens"] for s in samples), sum(s["usage"]["completion_tokens"] for s in samples),
            memory, [s["text"] for s in samples])


def show(name, result, n):
    seconds, prompt, reply, memory, _ = result
    print(f"  {name:28s} {60 * n / seconds:7.2f} pairs/min  {seconds:7.1f} s  {prompt} prompt + {reply} reply tokens"
          f"  {(prompt + reply) / seconds:6.1f} tok/s  peak {memory / 2**30:.2f} GiB", flush=True)


def verdict(text):
    a, b = "[[A]]" in text[-80:], "[[B]]" in text[-80:]
    return "a" if a and not b else "b" if b and not a else None


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--model", default=str(llama.DEFAULT_MODEL))
    p.add_argument("--pairs", type=int, default=16)
    p.add_argument("--sweep-pairs", type=int, default=8)
    p.add_argument("--slots", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    p.add_argument("--max-tokens", type=int, default=512)
    p.add_argument("--context", type=int, default=4096)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--six", action="store_true", help="both orders, three samples, temperature 1")
    p.add_argument("--ours", nargs=argparse.REMAINDER, default=[], help="further flags for rm-judge")
    args = p.parse_args()
    records = llama.pairs(args.pairs)
    print(f"machine: {cpu()}, {platform.machine()}; threads {args.threads}; limit {args.max_tokens} tokens a reply")
    best, best_rate = args.slots[0], 0.0
    if len(args.slots) > 1:
        print(f"llama.cpp server, sweep on {args.sweep_pairs} pairs:")
        for slots in args.slots:
            result = run_server(records[:args.sweep_pairs], args.model, slots, args)
            show(f"{slots} slots", result, args.sweep_pairs)
            if args.sweep_pairs / result[0] > best_rate:
                best, best_rate = slots, args.sweep_pairs / result[0]
    print(f"{args.pairs} pairs, model load left out for the server, included for rm-judge:")
    peer = run_server(records, args.model, best, args)
    show(f"llama.cpp, {best} slots", peer, args.pairs)
    ours = run_ours(records, args.model, args, [*args.ours, *(["--both-orders", "--samples", "3"] if args.six else [])])
    show("rm-judge", ours, args.pairs)
    print(f"ratio (pairs per minute): {peer[0] / ours[0]:.2f}   ratio (tokens per second): "
          f"{(ours[1] + ours[2]) / ours[0] / ((peer[1] + peer[2]) / peer[0]):.2f}   load after: {os.getloadavg()[0]:.1f}")
    if args.six:
        return 0
    gold = [r["winner"] for r in records]
    v = [[verdict(t) for t in r[4]] for r in (peer, ours)]
    same = sum(x == y for x, y in zip(*v))
    for name, verdicts in (("right, llama.cpp", v[0]), ("right, rm-judge", v[1])):
        share(name, sum(x == g for x, g in zip(verdicts, gold)), len(gold))
    only = [sum(x == g != y for x, y, g in zip(v[i], v[1 - i], gold)) for i in (0, 1)]
    share("the same verdict, or none in both", same, len(gold))
    print(f"right by one alone: llama.cpp {only[0]}, rm-judge {only[1]}; without a verdict {v[0].count(None)} and {v[1].count(None)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
