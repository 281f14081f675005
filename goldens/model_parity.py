#!/usr/bin/env python3
"""Holds our decoder to transformers on real models: same dequantised weights, float32, real prompts.

    python goldens/model_parity.py --probe build/bin/logit-probe [--models DIR] [--shared DIR] [--prompts 20] [NAME ...]

For each GGUF or model folder (one that was trained here, say) in DIR: log-probabilities at many positions of 20 prompts (largest difference; must be <= 2e-3), 64 greedy tokens
(identical on >= 19 of 20), and the mean KL divergence of bf16 and of the quantised path from f32, all ours (<= 0.02); then that
of bf16 with the blocks of one kind of matrix only. Prints one line a model and exits 1 where a bound is broken. Prompts
are the questions of RM-Bench under --shared, else a few of our own, in the model's own chat template.
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads stall a shared machine
import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

MODELS = ["smollm2-135m-instruct-q4_1.gguf", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"]
OWN = ["Why is the sky blue?", "Write a function that reverses a linked list.", "What is 17 * 23?",
       "Compare tea and coffee in three sentences.", "Translate 'good morning' into German and Japanese."]
TOKENS, GREEDY, STRIDE = 256, 64, 5


def questions(shared, count):
    found = []
    for path in sorted(glob.glob(os.path.join(shared, "rm-bench", "*.json"), recursive=True)):
        with open(path) as f:
            items = json.load(f)
        if isinstance(items, list):
            found += [i["prompt"] for i in items[:count] if isinstance(i, dict) and isinstance(i.get("prompt"), str)]
    step = max(1, len(found) // count)
    return (found[::step] or OWN)[:count]


def load(path):
    if os.path.isdir(path):
        model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
        return AutoTokenizer.from_pretrained(path), model.eval()
    folder, name = os.path.split(path)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    try:
        from transformers import GgufConfig
        extra = {"quantization_config": GgufConfig(dequantize=True)}
    except ImportError:
        extra = {}
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32, **extra)
    return tokenizer, model.float().eval()


def probe(binary, path, prompts, dtype, greedy, extra=()):
    with tempfile.TemporaryDirectory() as work:
        out = os.path.join(work, "rows.f32")
        lines = "".join(json.dumps(p) + "\n" for p in prompts)
        done = subprocess.run([binary, path, "--dtype", dtype, "--greedy", str(greedy), "--out", out, *extra], input=lines,
                              capture_output=True, text=True, check=True)
        return np.fromfile(out, "<f4"), [json.loads(l)["greedy"] for l in done.stdout.splitlines()]


def divergence(reference, rows):
    reference = reference.astype(np.float64)
    return float(np.mean(np.sum(np.exp(reference) * (reference - rows), -1)))


def greedy_tokens(model, ids):
    out, past, step = [], None, torch.tensor([ids])
    while len(out) < GREEDY:
        r = model(step, past_key_values=past, use_cache=True)
        past = r.past_key_values
        out.append(int(r.logits[0, -1].argmax()))
        step = torch.tensor([[out[-1]]])
    return out


def compare(binary, path, count, shared):
    tokenizer, model = load(path)
    prompts, expected, greedy = [], [], []
    with torch.inference_mode():
        for q in questions(shared, count):
            text = tokenizer.apply_chat_template([{"role": "user", "content": q}], tokenize=False,
                                                 add_generation_prompt=True)
            ids = tokenizer(text, add_special_tokens=False)["input_ids"][:TOKENS]
            rows = sorted(set(range(0, len(ids), STRIDE)) | {len(ids) - 1})
            prompts.append({"ids": ids, "rows": rows})
            expected.append(torch.log_softmax(model(torch.tensor([ids])).logits[0].float(), -1)[rows].numpy())
            greedy.append(greedy_tokens(model, ids))
    vocab = expected[0].shape[1]
    del model
    ours, our_greedy = probe(binary, path, prompts, "f32", GREEDY)
    ours, expected = ours.reshape(-1, vocab), np.concatenate(expected)
    worst = float(np.abs(ours - expected).max())
    same = sum(a == b for a, b in zip(greedy, our_greedy))
    good = worst <= 2e-3 and same >= len(prompts) - 1
    line = (f"{os.path.basename(path)}: {len(prompts)} prompts, {len(ours)} positions: largest difference of "
            f"log-probabilities {worst:.2e}, {GREEDY} greedy tokens identical on {same}")
    for precision, name in (("bf16", "bf16"), ("auto", "8-bit activations")):
        rows, texts = probe(binary, path, prompts, precision, GREEDY)
        rows = rows.reshape(-1, vocab)
        kl = divergence(ours, rows)
        top = float(np.mean(ours.argmax(-1) == rows.argmax(-1)))
        good = good and kl <= 0.02
        line += (f"; {name}: mean KL to f32 {kl:.2e}, top-1 agreement {top:.4f}, greedy identical on "
                 f"{sum(a == b for a, b in zip(greedy, texts))}")
    if os.path.isdir(path):  # no blocks in it
        print(line + ("" if good else "  <-- out of bounds"), flush=True)
        return good
    kinds = {k: divergence(ours, probe(binary, path, prompts, "auto", 0, ["--blocks", k])[0].reshape(-1, vocab))
             for k in ("qkv", "o", "gate_up", "down", "head")}
    line += "; blocks in one kind of matrix only: " + ", ".join(f"{k} {v:.2e}" for k, v in kinds.items())
    print(line + ("" if good else "  <-- out of bounds"), flush=True)
    return good


def main():
    p = argparse.ArgumentParser()
    data = os.environ.get("XDG_DATA_HOME", os.path.expanduser("~/.local/share"))
    p.add_argument("--probe", default="build/bin/logit-probe")
    p.add_argument("--models", default=os.environ.get("RM_TEST_MODELS", os.path.join(data, "rm-r1", "models")))
    p.add_argument("--shared", default=os.environ.get("RM_SHARED", os.path.join(os.path.dirname(__file__), "..", "..", "shared", "data")))
    p.add_argument("--prompts", type=int, default=20)
    p.add_argument("names", nargs="*", default=MODELS)
    o = p.parse_args()
    missing = [n for n in o.names if not os.path.exists(os.path.join(o.models, n))]
    for n in missing:
        print(f"skipped: {n} is not in {o.models}")
    good = [compare(o.probe, os.path.join(o.models, n), o.prompts, o.shared) for n in o.names if n not in missing]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
