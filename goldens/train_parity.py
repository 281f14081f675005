#!/usr/bin/env python3
"""Holds training against transformers and torch: losses, every gradient, AdamW steps, LoRA against peft. In f32.

    python goldens/train_parity.py BUILD_DIR [--models DIR_OR_GGUF ...] [--work DIR] [--threads 2]
    python goldens/train_parity.py --golden tests/golden/train      what tests/lib/train/parity_test.cc compares with

Models: small random Llama, Qwen2 and Qwen3 as transformers saves them (goldens/tiny_models.py), and SmolLM2-135M where it lies in
the user's data folder. For each: the loss of packed sequences is that of one sequence at a time in transformers; recomputed and
kept layers, one pass and several, are compared among themselves. Prints a line a check; exit status 1 where one fails.
A golden file holds what transformers and torch made of a model of tests/golden/model: the sequences, the loss, of each gradient its
norm and four sums with signs (see signs()), losses and gradient norms of ten steps; the same with LoRA by peft.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
from transformers import AutoModelForCausalLM, GgufConfig

LOSS, GRADIENT, STEPS = 1e-5, 1e-3, 1e-3
failed = []


def check(name, value, limit):
    ok = value <= limit
    print(f"{'ok  ' if ok else 'FAIL'} {name}: {value:.2e} (at most {limit:.0e})", flush=True)
    if not ok:
        failed.append(name)


def load(path):
    if path.endswith(".gguf"):
        folder, name = os.path.split(path)
        m = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, quantization_config=GgufConfig(dequantize=True),
                                                 dtype=torch.float32)
    else:
        m = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, attn_implementation="eager")
    return m.float().train()


def sequences(vocab, lengths, seed):
    g = np.random.default_rng(seed)
    return [g.integers(4, vocab, n).tolist() for n in lengths]


def make_passes(seqs, starts, split):
    """Two means: each sequence's target tokens, then over the sequences."""
    passes, n = [], len(seqs)
    for group in split:
        p = {"ids": [], "begins": [], "weights": []}
        for i in group:
            p["begins"].append(len(p["ids"]))
            p["ids"] += seqs[i]
            p["weights"] += [0.0] * starts[i] + [1.0 / (len(seqs[i]) - starts[i]) / n] * (len(seqs[i]) - starts[i])
        passes.append(p)
    return passes


def reference_loss(model, seqs, starts):
    total = 0
    for ids, start in zip(seqs, starts):
        logits = model(torch.tensor([ids])).logits[0]
        total = total + torch.nn.functional.cross_entropy(logits[start - 1:-1], torch.tensor(ids[start:])) / len(seqs)
    return total


def ours(build, model, plan, work, *flags):
    os.makedirs(work, exist_ok=True)
    with open(f"{work}/plan.json", "w") as f:
        json.dump(plan, f)
    subprocess.run([f"{build}/bin/train-probe", "--model", model, "--plan", f"{work}/plan.json", "--out", work, *flags],
                   check=True)
    report = json.load(open(f"{work}/report.json"))
    split = np.cumsum([n for _, n in report["names"]])[:-1]
    for kind in ("grad", "weights"):
        flat = np.fromfile(f"{work}/{kind}.f32", dtype=np.float32)
        report[kind] = dict(zip([n for n, _ in report["names"]], np.split(flat, split)))
    return report


def relative(a, b):
    a, b = np.asarray(a, np.float64).ravel(), np.asarray(b, np.float64).ravel()
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-30))


def worst(ours_by_name, theirs):
    return max((relative(ours_by_name[n], t), n) for n, t in theirs.items())


def torch_steps(model, params, seqs, starts, plan):
    opt = torch.optim.AdamW(params, lr=plan["lr"], betas=(0.9, plan["beta2"]), eps=1e-8, weight_decay=plan["weight_decay"])
    losses, norms = [reference_loss(model, seqs, starts).item()], []
    for _ in range(plan["steps"]):
        opt.zero_grad()
        reference_loss(model, seqs, starts).backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(params, plan["clip"])))
        opt.step()
        losses.append(reference_loss(model, seqs, starts).item())
    return losses, norms


def check_model(build, path, work, threads, lengths, steps):
    name = os.path.basename(path.rstrip("/"))
    model = load(path)
    vocab = model.config.vocab_size
    seqs, starts = sequences(vocab, lengths, 7), [max(1, n // 3) for n in lengths]
    everyone = list(range(len(seqs)))
    plan = {"passes": make_passes(seqs, starts, [everyone]), "steps": steps, "lr": 1e-3 if "tiny" in path else 2e-5,
            "clip": 1.0, "beta2": 0.95, "weight_decay": 0.01}
    got = ours(build, path, plan, work, "--threads", str(threads))
    params = {n: p for n, p in model.named_parameters()}
    loss = reference_loss(model, seqs, starts)
    loss.backward()
    check(f"{name} loss", abs(got["losses"][0] - loss.item()) / loss.item(), LOSS)
    check(f"{name} names", float(len(set(params) ^ set(got["grad"]))), 0)
    value, which = worst(got["grad"], {n: p.grad.numpy() for n, p in params.items()})
    check(f"{name} worst gradient ({which})", value, GRADIENT)
    first = {n: p.detach().numpy().copy() for n, p in params.items()}
    losses, norms = torch_steps(model, list(params.values()), seqs, starts, plan)
    check(f"{name} losses of {steps} steps", max(abs(a - b) / b for a, b in zip(got["losses"], losses)), STEPS)
    check(f"{name} gradient norms", max(abs(a - b) / b for a, b in zip(got["grad_norms"], norms)), STEPS)
    check(f"{name} weights after {steps} steps", worst(got["weights"], {n: p.detach().numpy() for n, p in params.items()})[0],
          STEPS)
    moved = {n: p.detach().numpy() - first[n] for n, p in params.items()}
    value, which = max((relative(got["weights"][n] - first[n].ravel(), m), n) for n, m in moved.items())
    check(f"{name} way of the weights, worst ({which})", value, 0.05)

    plan["steps"] = 0
    layers = str(model.config.num_hidden_layers)
    others = {"kept": ours(build, path, plan, work, "--kept", layers), "half kept": ours(build, path, plan, work, "--kept", "1")}
    plan["passes"] = make_passes(seqs, starts, [[i] for i in everyone])
    others["one by one"] = ours(build, path, plan, work)
    for kind, other in others.items():
        check(f"{name} {kind}: loss", abs(other["losses"][0] - got["losses"][0]) / got["losses"][0], 1e-6)
        check(f"{name} {kind}: gradients", worst(other["grad"], got["grad"])[0], 1e-5)
    check_lora(build, path, work, seqs, starts, steps, threads)


def check_lora(build, path, work, seqs, starts, steps, threads):
    from peft import LoraConfig, get_peft_model
    name = os.path.basename(path.rstrip("/"))
    targets = ["q_proj", "v_proj", "o_proj", "up_proj", "down_proj"]
    model = get_peft_model(load(path), LoraConfig(r=6, lora_alpha=12, target_modules=targets, lora_dropout=0.0))
    params = {n: p for n, p in model.named_parameters() if p.requires_grad}
    g = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for n, p in params.items():
            p.copy_(torch.randn(p.shape, generator=g) * (0.05 if "lora_B" in n else 1 / p.shape[1] ** 0.5))
    plain = {n.removeprefix("base_model.model.").replace(".default", ""): p for n, p in params.items()}
    plan = {"passes": make_passes(seqs, starts, [list(range(len(seqs)))]), "steps": 0}
    flags = ("--rank", "6", "--alpha", "12", "--targets", ",".join(targets), "--threads", str(threads))
    order = [n for n, _ in ours(build, path, plan, work, *flags)["names"]]
    check(f"{name} LoRA names", float(len(set(order) ^ set(plain))), 0)
    np.concatenate([plain[n].detach().numpy().ravel() for n in order]).astype(np.float32).tofile(f"{work}/init.f32")
    plan |= {"init": f"{work}/init.f32", "steps": steps, "lr": 1e-3, "clip": 1.0, "beta2": 0.95, "weight_decay": 0.01}
    got = ours(build, path, plan, work, *flags)
    loss = reference_loss(model, seqs, starts)
    loss.backward()
    check(f"{name} LoRA loss", abs(got["losses"][0] - loss.item()) / loss.item(), LOSS)
    value, which = worst(got["grad"], {n: p.grad.numpy() for n, p in plain.items()})
    check(f"{name} LoRA worst gradient ({which})", value, GRADIENT)
    losses, _ = torch_steps(model, list(params.values()), seqs, starts, plan)
    check(f"{name} LoRA losses of {steps} steps", max(abs(a - b) / b for a, b in zip(got["losses"], losses)), STEPS)
    check(f"{name} LoRA weights", worst(got["weights"], {n: p.detach().numpy() for n, p in plain.items()})[0], STEPS)


def signs(n, seed):
    """+1 and -1 from the top bit of a linear congruential generator (Knuth's MMIX constants), also in parity_test.cc."""
    out, x = np.empty(n, np.float64), seed
    for i in range(n):
        x = (x * 6364136223846793005 + 1442695040888963407) % 2**64
        out[i] = 1.0 if x >> 63 else -1.0
    return out


def facts(model, params, seqs, starts, plan):
    reference_loss(model, seqs, starts).backward()
    gradients = {n: {"norm": float(p.grad.double().norm()),
                     "sums": [float(signs(p.numel(), k + 1) @ p.grad.double().numpy().ravel()) for k in range(4)]}
                 for n, p in params.items()}
    losses, norms = torch_steps(model, list(params.values()), seqs, starts, plan)
    return {"gradients": gradients, "losses": losses, "grad_norms": norms}


def write_golden(out):
    import tarfile
    from peft import LoraConfig, get_peft_model
    here = os.path.dirname(os.path.abspath(__file__))
    os.makedirs(out, exist_ok=True)
    plan = {"steps": 10, "lr": 2e-3, "clip": 1.0, "beta2": 0.95, "weight_decay": 0.01}
    lengths = [30, 9, 60, 2]
    starts = [max(1, n // 3) for n in lengths]
    for name in ("llama-llama3-f16-tied", "llama-linear-bf16-sharded", "qwen2-yarn-f32-tied", "qwen3-plain-bf16-tied"):
        with tempfile.TemporaryDirectory() as scratch:
            tarfile.open(f"{here}/../tests/golden/model/{name}.tar.gz").extractall(scratch, filter="data")
            path = f"{scratch}/{name}"
            model = load(path)
            seqs = sequences(model.config.vocab_size, lengths, 7)
            golden = {"sequences": seqs, "starts": starts, **plan,
                      "full": facts(model, dict(model.named_parameters()), seqs, starts, plan)}
            targets = ["q_proj", "v_proj", "down_proj"]
            model = get_peft_model(load(path), LoraConfig(r=4, lora_alpha=8, target_modules=targets, lora_dropout=0.0))
            params = {n.removeprefix("base_model.model.").replace(".default", ""): p for n, p in model.named_parameters()
                      if p.requires_grad}
            with torch.no_grad():
                for n, p in params.items():
                    p.copy_(torch.from_numpy(signs(p.numel(), p.numel()).astype(np.float32)).view(p.shape) / 32)
            golden["lora"] = {"rank": 4, "alpha": 8, "targets": targets, **facts(model, params, seqs, starts, plan)}
            with open(f"{out}/{name}.json", "w") as f:
                json.dump(golden, f)
                f.write("\n")


def main():
    if sys.argv[1:2] == ["--golden"]:
        return write_golden(sys.argv[2])
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("build")
    a.add_argument("--models", nargs="*", default=None)
    a.add_argument("--work", default=None)
    a.add_argument("--threads", type=int, default=2)
    a = a.parse_args()
    torch.set_num_threads(a.threads)
    with tempfile.TemporaryDirectory() as scratch:
        work, models = a.work or scratch, a.models
        if models is None:
            tiny = f"{scratch}/tiny"
            here = os.path.dirname(os.path.abspath(__file__))
            subprocess.run([sys.executable, f"{here}/tiny_models.py", tiny], check=True)
            models = [f"{tiny}/{n}" for n in ("llama-plain-f32", "llama-bias-f32", "qwen2-yarn-f32-tied", "qwen3-plain-bf16-tied")]
            real = os.path.expanduser("~/.local/share/rm-r1/models/smollm2-135m-instruct-q4_1.gguf")
            models += [real] if os.path.exists(real) else []
        for m in models:
            big = m.endswith(".gguf")
            check_model(a.build, m, f"{work}/run", a.threads, [70, 33, 120, 51] if big else [40, 9, 100, 64, 2], 20)
    print(f"{len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
