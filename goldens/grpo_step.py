#!/usr/bin/env python3
"""Holds a whole step of GRPO against transformers, torch and peft: loss, every gradient, the step of AdamW. In f32.

    python goldens/grpo_step.py PROBE [--models DIR_OR_GGUF ...] [--threads 2]      PROBE: build/bin/grpo-step-probe

Groups of random prompts and replies; the loss is the statement of goldens/grpo.py over log-probabilities that transformers finds one
row a rollout, each with its own prompt. Ours are laid out behind shared prompts, and once more one row a pass. The policy is not the
reference: its weights were moved, or LoRA's update is there. `old` lies around the policy, so that the clip decides some tokens.
Models: small random Llama, Qwen2 and Qwen3 (goldens/tiny_models.py), there in f64, and SmolLM2-135M where it lies in the user's data
folder. Prints a line a check; exit status 1 where one fails.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch

import grpo
from train_parity import check, failed, load, relative, worst

LOSS, GRADIENT, WEIGHTS, WAY = 1e-5, 1e-4, 1e-4, 0.05
RULE = {"micro_batch": 4, "most_tokens": 16, "mask_truncated": False, "cap": 0, "clip_low": 0.2, "clip_high": 0.2, "dual_clip": 0,
        "kl": 0.001, "mean": "micro-token-mean"}
VARIANTS = {  # beside RM-R1's
    "rm-r1": {},
    "first of its batch": {"known": False},
    "strong penalty, clip-higher, dual clip": {"kl": 0.5, "clip_high": 0.28, "dual_clip": 3.0, "mean": "token-mean"},
    "corrected, truncated left out": {"cap": 2.0, "mask_truncated": True, "mean": "seq-mean-token-mean"},
    "corrected by its own old, no penalty": {"cap": 1.0, "known": False, "old_now": True, "kl": 0, "mean": "seq-mean-token-sum"},
}


def log_p(model, prompt, ids):
    logits = model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1:-1]
    return torch.log_softmax(logits, -1).gather(1, torch.tensor(ids)[:, None])[:, 0]


def draw(vocab, seed):
    """Three groups: one of a lone rollout, one flat."""
    g = np.random.default_rng(seed)
    ids = lambda n: g.integers(4, vocab, n).tolist()
    groups = []
    for prompt, rewards in ((11, [1.0, -1.0, -1.0, 1.0, -1.0]), (5, [1.0]), (23, [-1.0, -1.0, -1.0]), (8, [0.5, 0.25, -1.0, 2.0])):
        groups.append({"prompt": prompt, "prompt_ids": ids(prompt), "rewards": rewards,
                       "rollouts": [{"ids": ids(int(g.integers(1, 16))), "truncated": bool(g.random() < 0.3)} for _ in rewards]})
    return groups


def with_numbers(groups, rule, model, seed):
    """What the batch began with and what sampled it lie around what the policy says now."""
    g = np.random.default_rng(seed)
    known = rule.get("known", True)
    out = []
    for group in groups:
        rows = []
        for w in group["rollouts"]:
            with torch.no_grad():
                now = log_p(model, group["prompt_ids"], w["ids"]).double().numpy()
            near = lambda spread: np.float32(now + g.normal(0, spread, len(now))).astype(float).tolist()
            rows.append(w | {"now": now.tolist(), "sampled": near(0.1)} | ({"old": near(0.3)} if known else {}))
        out.append(group | {"rollouts": rows})
    return rule | {"groups": out, "old_now": rule.get("old_now", False)}


def reference_of(row, model):
    for group in row["groups"]:
        for w in group["rollouts"]:
            with torch.no_grad():
                w["reference"] = log_p(model, group["prompt_ids"], w["ids"]).double()


def loss_of(row, model):
    losses, counts = [], []
    for group in row["groups"]:
        for w, a in zip(group["rollouts"], grpo.advantages(group["rewards"])):
            now = log_p(model, group["prompt_ids"], w["ids"])
            as_now = lambda x: None if x is None else torch.as_tensor(x).to(now.dtype)
            losses.append(grpo.token_losses(now, as_now(w.get("old")), as_now(w["reference"]), as_now(w["sampled"]), a.to(now.dtype), row))
            counts.append(not (row["mask_truncated"] and w["truncated"]))
    return grpo.mean_of(losses, counts, row)


def ours(probe, path, row, init, work, *flags):
    plan = {k: v for k, v in row.items() if k != "groups"} | {"init": init}
    plan["groups"] = [g | {"rollouts": [{k: v for k, v in w.items() if k != "reference"} for w in g["rollouts"]]}
                      for g in row["groups"]]
    with open(f"{work}/plan.json", "w") as f:
        json.dump(plan, f)
    subprocess.run([probe, "--model", path, "--plan", f"{work}/plan.json", "--out", work, *flags], check=True)
    report = json.load(open(f"{work}/report.json"))
    split = np.cumsum([n for _, n in report["names"]])[:-1]
    for kind in ("grad", "weights"):
        flat = np.fromfile(f"{work}/{kind}.f32", dtype=np.float32)
        report[kind] = dict(zip([n for n, _ in report["names"]], np.split(flat, split)))
    return report


def check_step(title, probe, path, row, model, params, work, flags):
    order = [n for n, _ in ours(probe, path, row, "", work, *flags)["names"]]
    check(f"{title} names", float(len(set(order) ^ set(params))), 0)
    init = f"{work}/init.f32"
    first = {n: params[n].detach().float().numpy().copy().ravel() for n in order}
    np.concatenate([first[n] for n in order]).tofile(init)
    got = ours(probe, path, row, init, work, *flags)
    apart = ours(probe, path, row | {"pass_tokens": 1}, init, work, *flags)
    assert got["passes"] < apart["passes"]

    for p in params.values():
        p.grad = None
    loss = loss_of(row, model)
    loss.backward()
    gradients = {n: p.grad.numpy().copy() for n, p in params.items()}
    norm = float(torch.nn.utils.clip_grad_norm_(params.values(), row["clip"]))
    torch.optim.AdamW(params.values(), lr=row["lr"], betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01).step()
    moved = {n: p.detach().numpy().ravel() - first[n] for n, p in params.items()}

    # The terms of the loss cancel (advantages sum to 0): it is held by the size of an advantage.
    check(f"{title} loss {loss.item():+.5f}, {got['clipped']} of {got['targets']} clipped", abs(got["loss"] - loss.item()), LOSS)
    value, which = worst(got["grad"], gradients)
    check(f"{title} worst gradient ({which})", value, GRADIENT)
    check(f"{title} gradient norm", abs(got["grad_norm"] - norm) / norm, GRADIENT)
    value, which = worst(got["weights"], {n: p.detach().numpy() for n, p in params.items()})
    check(f"{title} weights after AdamW ({which})", value, WEIGHTS)
    value, which = max((relative(got["weights"][n] - first[n], m), n) for n, m in moved.items())
    check(f"{title} way of the weights ({which})", value, WAY)
    check(f"{title} one row a pass: loss", abs(apart["loss"] - got["loss"]), LOSS)
    check(f"{title} one row a pass: gradients", worst(apart["grad"], got["grad"])[0], GRADIENT)


def move(params, seed):
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in params.values():
            p.copy_((p + 0.05 * p.std().nan_to_num() * torch.randn(p.shape, generator=g)).float())


def check_full(probe, path, title, big, work, threads, rule):
    make = lambda: load(path) if big else load(path).double()
    reference, model = make(), make()
    params = dict(model.named_parameters())
    move(params, 5)
    row = with_numbers(draw(model.config.vocab_size, 3), rule, model, 4)
    reference_of(row, reference)
    check_step(title, probe, path, row, model, params, work, ("--threads", str(threads)))


def check_lora(probe, path, title, big, work, threads, rule):
    from peft import LoraConfig, get_peft_model
    targets = ["q_proj", "v_proj", "o_proj", "up_proj", "down_proj"]
    base = load(path) if big else load(path).double()
    vocab = base.config.vocab_size
    model = get_peft_model(base, LoraConfig(r=6, lora_alpha=12, target_modules=targets, lora_dropout=0.0))
    model = model if big else model.double()
    params = {n.removeprefix("base_model.model.").replace(".default", ""): p for n, p in model.named_parameters() if p.requires_grad}
    g = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for n, p in params.items():
            p.copy_((torch.randn(p.shape, generator=g) * (0.05 if "lora_B" in n else 1 / p.shape[1] ** 0.5)).float())
    row = with_numbers(draw(vocab, 3), rule, model, 4)
    with model.disable_adapter():
        reference_of(row, model)
    check_step(title, probe, path, row, model, params, work,
               ("--threads", str(threads), "--rank", "6", "--alpha", "12", "--targets", ",".join(targets)))


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("probe")
    a.add_argument("--models", nargs="*", default=None)
    a.add_argument("--threads", type=int, default=2)
    a = a.parse_args()
    torch.set_num_threads(a.threads)
    with tempfile.TemporaryDirectory() as scratch:
        models = a.models
        if models is None:
            here = os.path.dirname(os.path.abspath(__file__))
            subprocess.run([sys.executable, f"{here}/tiny_models.py", f"{scratch}/tiny"], check=True)
            models = [f"{scratch}/tiny/{n}" for n in ("llama-bias-f32", "qwen2-yarn-f32-tied", "qwen3-plain-bf16-tied")]
            real = os.path.expanduser("~/.local/share/rm-r1/models/smollm2-135m-instruct-q4_1.gguf")
            models += [real] if os.path.exists(real) else []
        for path in models:
            big = path.endswith(".gguf")
            for name, change in list(VARIANTS.items())[:1 if big else None]:
                rule = RULE | change | {"pass_tokens": 60, "lr": 2e-5 if big else 1e-3, "clip": 1.0}
                for kind, run in (("full", check_full), ("LoRA", check_lora)):
                    run(a.probe, path, f"{os.path.basename(path.rstrip('/'))}, {kind}, {name}:", big, scratch, a.threads, rule)
    print(f"{len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
