#!/usr/bin/env python3
"""Forward steps of the default model beside llama.cpp's, same GGUF, threads and shapes, one after the other on one machine.

Prefill of 512 tokens and decoding of one sequence come from llama-bench, decoding of 32 sequences of 1,500 tokens from
llama-batched-bench (minutes: it computes every prompt). Ours are rates-probe's. Each line has the share of what the machine gives:
operations of the tensor library's product of bytes, or bytes read a second, both measured in the same run.
"""
import argparse
import json
import os
import subprocess
import sys

import judge_vs_llama
import llama

# Of Qwen2.5-Coder-1.5B-Instruct Q4_K_M: weights of the layers' matrices and of the head, bytes of keys and values of a position in
# bf16, bytes of the table of embeddings, of which a step reads a few rows only.
LAYERS, HEAD, CACHE, TABLE = 1.310e9, 0.233e9, 28672, 131e6


def ours(args, *flags):
    command = [str(llama.ROOT / "build/bin/rates-probe"), args.model, "--threads", str(args.threads), *flags]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def llama_bench(args, prompt, reply, depth=0):
    done = subprocess.run([llama.tool("llama-bench"), "-m", args.model, "-t", str(args.threads), "-p", str(prompt), "-n", str(reply),
                           "-d", str(depth), "-r", "3", "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=True)
    return json.loads(done.stdout)[0]["avg_ts"]


def llama_batched(args, batch, context, reply=16):
    size = batch * (context + reply)
    done = subprocess.run([llama.tool("llama-batched-bench"), "-m", args.model, "-t", str(args.threads), "-c", str(size), "-b", "2048", "-ub", "512",
                           "-npp", str(context), "-ntg", str(reply), "-npl", str(batch), "--output-format", "jsonl"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return next(json.loads(line)["speed_tg"] for line in done.stdout.splitlines() if line.startswith("{"))


def show(what, mine, peer, share, of):
    ratio = f"{mine / peer:5.2f}" if peer else "    -"
    print(f"  {what:44s} {mine:8.1f} {peer or float('nan'):8.1f} {ratio}   {100 * share:3.0f} % of {of}", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--model", default=str(llama.DEFAULT_MODEL))
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--batched", type=int, default=32, help="sequences decoded together; 0: leave that line's peer out")
    p.add_argument("--batched-peer", type=float, help="llama.cpp's rate of that line, measured before")
    args = p.parse_args()
    print(f"machine: {judge_vs_llama.cpu()}; threads {args.threads}; {os.path.basename(args.model)}")
    ceiling, prefill, one = ours(args, "--ceilings", "1", "--prefill", "512", "--decode", "1", "--context", "1500")
    int8, read = ceiling["int8_gop_s"] * 1e9, ceiling["read_gb_s"] * 1e9
    print(f"  bytes multiplied by the tensor library: {int8 / 1e9:.0f} GOP/s; memory read: {read / 1e9:.1f} GB/s")
    print(f"  {'tokens a second':44s} {'ours':>8s} {'llama':>8s} ratio   share of the ceiling")
    weights = 2 * LAYERS
    show("prefill, 512 tokens", prefill["median_tok_s"], llama_bench(args, 512, 0), weights * prefill["median_tok_s"] / int8, "the product")
    step = one["weight_bytes"] - TABLE + 1500 * CACHE
    show("decode, 1 sequence of 1,500", one["median_tok_s"], llama_bench(args, 0, 24, 1500), step * one["median_tok_s"] / read, "reading")
    n = args.batched or 32
    for shared in (0, 992):
        many = ours(args, "--prefill", "32", "--decode", str(n), "--context", "1500", "--shared", str(shared))[-1]
        peer = None
        if shared == 0:
            peer = args.batched_peer or (llama_batched(args, n, 1500) if args.batched else None)
        # The product and the cache's way from memory, one after the other.
        cache = (shared + n * (1500 - shared)) * CACHE
        least = n * 2 * (LAYERS + HEAD) / int8 + cache / read
        show(f"decode, {n} of 1,500, {shared} of them common", many["median_tok_s"], peer,
             least * many["median_tok_s"] / n, "product and reading")
    print(f"load after: {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
