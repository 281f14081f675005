#!/usr/bin/env python3
"""Writes tests/golden/model/*.tar.gz: tiny random models of every family and RoPE variant with transformers' answers
(tiny_models.py says what is in a pack), and a LoRA adapter saved by peft with the answers of the adapted model.

    python goldens/model_packs.py [OUT_DIR]
"""
import json
import os
import sys
import tempfile

import torch
from peft import LoraConfig, get_peft_model

import tiny_models as tiny

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PACKS = [*tiny.PACKED, "qwen3-yarnattn-f16-sharded", "llama-bias-f32", "llama-llama3-q8_0-gguf"]
LORA_BASE = "qwen2-yarn-f32-tied"


def write_lora(out, seed):
    family, rope, _, tied, _, _, extra = tiny.FOLDERS[LORA_BASE]
    model = tiny.make_model(family, rope, tied, extra, seed)
    targets = ["q_proj", "v_proj", "o_proj", "up_proj", "down_proj"]
    adapted = get_peft_model(model, LoraConfig(r=6, lora_alpha=9, target_modules=targets, lora_dropout=0.0)).eval()
    g = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for name, p in adapted.named_parameters():
            if "lora_" in name:
                p.copy_(torch.round(torch.randn(p.shape, generator=g) * 8) / 64)
    adapted.save_pretrained(out)
    # peft records where the base came from; a random model came from nowhere.
    path = os.path.join(out, "adapter_config.json")
    with open(path) as f:
        config = json.load(f)
    config["base_model_name_or_path"] = LORA_BASE
    with open(path, "w") as f:
        json.dump(config, f, indent=2, sort_keys=True)
    readme = os.path.join(out, "README.md")
    if os.path.exists(readme):
        os.remove(readme)
    tiny.expect(adapted, out)


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "tests", "golden", "model")
    os.makedirs(out, exist_ok=True)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as work:
        for seed, name in enumerate([*tiny.FOLDERS, *tiny.GGUFS]):
            if name not in PACKS:
                continue
            folder = os.path.join(work, name)
            (tiny.write_folder if name in tiny.FOLDERS else tiny.write_gguf)(name, folder, seed)
            tiny.pack(folder, os.path.join(out, name + ".tar.gz"))
            if name == LORA_BASE:
                write_lora(os.path.join(work, "lora"), seed)
                tiny.pack(os.path.join(work, "lora"), os.path.join(out, "lora.tar.gz"))
            print(name, flush=True)


if __name__ == "__main__":
    main()
