#!/usr/bin/env python3
"""One training run of transformers and torch, for bench/train.py: the same steps as train-probe, seconds a step on stdout.

    python bench/train_peer.py MODEL plan.json --dtype bf16|f32 --threads N [--keep] [--pad] [--lora RANK]

Weights, moments and gradients f32, arithmetic in bf16 by autocast, activations recomputed (--keep: kept), packed sequences kept apart
by position_ids; --pad: one sequence a row, filled up to the longest of its pass, as collators do. Prints one JSON object.
"""
import argparse
import json
import os
import time

import torch
from transformers import AutoModelForCausalLM, GgufConfig


def load(path):
    if path.endswith(".gguf"):
        folder, name = os.path.split(path)
        return AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32, attn_implementation="sdpa",
                                                    quantization_config=GgufConfig(dequantize=True))
    return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, attn_implementation="sdpa")


def inputs(p, pad):
    ends = p["begins"][1:] + [len(p["ids"])]
    if not pad:
        positions = [i for b, e in zip(p["begins"], ends) for i in range(e - b)]
        return {"input_ids": torch.tensor([p["ids"]]), "position_ids": torch.tensor([positions])}, torch.tensor([p["weights"]])
    longest = max(e - b for b, e in zip(p["begins"], ends))
    rows = [(p["ids"][b:e], p["weights"][b:e]) for b, e in zip(p["begins"], ends)]
    ids = torch.tensor([r + [0] * (longest - len(r)) for r, _ in rows])
    mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r, _ in rows])
    weights = torch.tensor([w + [0.0] * (longest - len(w)) for _, w in rows])
    return {"input_ids": ids, "attention_mask": mask}, weights


def loss_of(model, batch, weights, dtype):
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "bf16"):
        logits = model(**batch, use_cache=False).logits
    each = torch.nn.functional.cross_entropy(logits[:, :-1].float().flatten(0, 1), batch["input_ids"][:, 1:].flatten(),
                                             reduction="none")
    return (each * weights[:, 1:].flatten()).sum()


def main():
    a = argparse.ArgumentParser()
    a.add_argument("model")
    a.add_argument("plan")
    a.add_argument("--dtype", default="bf16")
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--keep", action="store_true")
    a.add_argument("--pad", action="store_true")
    a.add_argument("--lora", type=int, default=0)
    a = a.parse_args()
    torch.set_num_threads(a.threads)
    plan = json.load(open(a.plan))
    model = load(a.model).train()
    if a.lora:
        from peft import LoraConfig, get_peft_model
        model = get_peft_model(model, LoraConfig(r=a.lora, lora_alpha=2 * a.lora, lora_dropout=0.0,
                                                 target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj",
                                                                 "down_proj"]))
        model.enable_input_require_grads()
    if not a.keep:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    params = [p for p in model.parameters() if p.requires_grad]
    opt = torch.optim.AdamW(params, lr=plan["lr"], betas=(0.9, plan["beta2"]), weight_decay=plan["weight_decay"], fused=True)
    batches = [inputs(p, a.pad) for p in plan["passes"]]
    losses, seconds = [], []

    def gradients():
        total = 0.0
        for batch, weights in batches:
            loss = loss_of(model, batch, weights, a.dtype)
            loss.backward()
            total += loss.item()
        losses.append(total)

    gradients()
    for _ in range(plan["steps"]):
        start = time.monotonic()
        torch.nn.utils.clip_grad_norm_(params, plan["clip"])
        opt.step()
        opt.zero_grad(set_to_none=False)
        gradients()
        seconds.append(time.monotonic() - start)
    print(json.dumps({"losses": losses, "seconds": seconds}))


if __name__ == "__main__":
    main()
