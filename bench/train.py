#!/usr/bin/env python3
"""Training beside transformers and torch: tokens a second and peak memory, one run after the other, as ratios.

    python bench/train.py BUILD_DIR [--model GGUF] [--tokens 2048] [--steps 3] [--dtype bf16] [--lora RANK] [--rounds 2] [--chains 16]

Two comparisons. Packed: both get the same packed passes. Real lengths: chains of lengths as judgments have them (log-normal, median
600 tokens, 100 to 2,048, seeded); ours packs them, the peer fills a micro-batch of 4 up to its longest. Tokens are those of chains,
padding never counts. A third of each chain is prompt. Both recompute activations; with --keep both keep them.
"""
import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def weights_of(n, share):
    start = max(1, n // 3)
    return [0.0] * start + [share / (n - start)] * (n - start)


def packed(lengths, vocab, rng, pass_tokens):
    passes = []
    for n in lengths:
        if not passes or len(passes[-1]["ids"]) + n > pass_tokens:
            passes.append({"ids": [], "begins": [], "weights": []})
        p = passes[-1]
        p["begins"].append(len(p["ids"]))
        p["ids"] += [rng.randrange(1000, vocab) for _ in range(n)]
        p["weights"] += weights_of(n, 1 / len(lengths))
    return passes


def by_four(passes):
    chains = []
    for p in passes:
        ends = p["begins"][1:] + [len(p["ids"])]
        chains += [(p["ids"][b:e], p["weights"][b:e]) for b, e in zip(p["begins"], ends)]
    out = []
    for at in range(0, len(chains), 4):
        p = {"ids": [], "begins": [], "weights": []}
        for ids, weights in chains[at:at + 4]:
            p["begins"].append(len(p["ids"]))
            p["ids"] += ids
            p["weights"] += weights
        out.append(p)
    return out


def run(command, out):
    with open(out, "w") as f:
        child = subprocess.Popen(command, stdout=f, stderr=subprocess.PIPE, env={**os.environ, "OMP_WAIT_POLICY": "passive"})
        error = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed: {error.decode()[-2000:]}")
    return usage.ru_maxrss / 2**20


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("build")
    a.add_argument("--model", default=os.path.expanduser("~/.local/share/rm-r1/models/smollm2-135m-instruct-q4_1.gguf"))
    a.add_argument("--tokens", type=int, default=2048)
    a.add_argument("--steps", type=int, default=2)
    a.add_argument("--rounds", type=int, default=2)
    a.add_argument("--dtype", default="bf16")
    a.add_argument("--threads", type=int, default=os.cpu_count())
    a.add_argument("--lora", type=int, default=0)
    a.add_argument("--vocab", type=int, default=49152)
    a.add_argument("--layers", type=int, default=30)
    a.add_argument("--chains", type=int, default=16, help="of real lengths")
    a.add_argument("--keep", action="store_true")
    a.add_argument("--only", choices=["packed", "lengths"])
    a = a.parse_args()
    rng = random.Random(5)
    real = [min(2048, max(100, int(rng.lognormvariate(6.4, 0.6)))) for _ in range(a.chains)]
    kinds = {"packed": ([600, 900, 350, 198] * (a.tokens // 2048), False), "lengths": (real, True)}
    print(f"{os.path.basename(a.model)}, {a.dtype}, {a.threads} threads, load {os.getloadavg()[0]:.1f}, LoRA {a.lora or 'no'}, "
          f"activations {'kept' if a.keep else 'recomputed'}")
    for kind, (lengths, pad) in kinds.items():
        if a.only and kind != a.only:
            continue
        with tempfile.TemporaryDirectory() as work:
            passes = packed(lengths, a.vocab, rng, a.tokens)
            plan = {"steps": a.steps, "lr": 1e-5, "clip": 1.0, "beta2": 0.95, "weight_decay": 0.0, "passes": passes}
            json.dump(plan, open(f"{work}/plan.json", "w"))
            json.dump({**plan, "passes": by_four(passes)} if pad else plan, open(f"{work}/peer.json", "w"))
            ours = [f"{a.build}/bin/train-probe", "--model", a.model, "--plan", f"{work}/plan.json", "--out", work, "--dtype", a.dtype,
                    "--threads", str(a.threads), "--tensors", "0"]
            if a.lora:
                ours += ["--rank", str(a.lora), "--alpha", str(2 * a.lora), "--targets",
                         "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"]
            peer = [sys.executable, f"{HERE}/train_peer.py", a.model, f"{work}/peer.json", "--dtype", a.dtype, "--threads",
                    str(a.threads), *(["--pad"] if pad else []), *(["--lora", str(a.lora)] if a.lora else [])]
            if a.keep:
                ours += ["--kept", str(a.layers)]
                peer += ["--keep"]
            rates, memory, losses = {"ours": [], "peer": []}, {"ours": 0, "peer": 0}, {}
            for _ in range(a.rounds):
                for who, command in (("ours", ours), ("peer", peer)):
                    memory[who] = max(memory[who], run(command, f"{work}/{who}.out"))
                    report = json.load(open(f"{work}/report.json" if who == "ours" else f"{work}/{who}.out"))
                    losses[who] = report["losses"]
                    rates[who] += [sum(lengths) / s for s in report["seconds"]]
            mid = {who: statistics.median(r) for who, r in rates.items()}
            print(f"{kind}: {sum(lengths)} tokens in {len(lengths)} chains; ours {mid['ours']:.0f} tokens/s "
                  f"({min(rates['ours']):.0f}-{max(rates['ours']):.0f}), transformers {mid['peer']:.0f} "
                  f"({min(rates['peer']):.0f}-{max(rates['peer']):.0f}): {mid['ours'] / mid['peer']:.2f}x; peak "
                  f"{memory['ours']:.2f} and {memory['peer']:.2f} GiB: {memory['ours'] / memory['peer']:.2f}x; losses "
                  + ", ".join(f"{x:.4f}/{y:.4f}" for x, y in zip(losses["ours"], losses["peer"])), flush=True)


if __name__ == "__main__":
    main()
