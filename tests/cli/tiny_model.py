#!/usr/bin/env python3
"""Writes a model of random weights that trains in milliseconds, with the tokenizer of a real one. Standard library only.

    python tests/cli/tiny_model.py REAL_FOLDER OUT [--hidden 32] [--layers 2] [--seed 1] [--norm 1]

REAL_FOLDER is a Hugging Face folder (folder-probe makes one of a GGUF); its texts are linked, its configuration is made small.
--norm: the weights of all norms; 1e38 is a model whose gradients are not finite.
"""
import argparse
import array
import json
import os
import random
import shutil


def arguments():
    a = argparse.ArgumentParser()
    a.add_argument("real")
    a.add_argument("out")
    a.add_argument("--hidden", type=int, default=32)
    a.add_argument("--layers", type=int, default=2)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--norm", type=float, default=1.0)
    return a.parse_args()


def tensors(a, vocab):
    """(name, shape, numbers) of each tensor, in order."""
    D, F = a.hidden, 2 * a.hidden
    shapes = {"model.embed_tokens.weight": (vocab, D), "model.norm.weight": (D,)}
    for i in range(a.layers):
        at = f"model.layers.{i}."
        shapes |= {at + "input_layernorm.weight": (D,), at + "post_attention_layernorm.weight": (D,),
                   at + "self_attn.q_proj.weight": (D, D), at + "self_attn.k_proj.weight": (D // 2, D),
                   at + "self_attn.v_proj.weight": (D // 2, D), at + "self_attn.o_proj.weight": (D, D),
                   at + "mlp.gate_proj.weight": (F, D), at + "mlp.up_proj.weight": (F, D), at + "mlp.down_proj.weight": (D, F)}
    rng = random.Random(a.seed)
    for name, shape in shapes.items():
        n = shape[0] * (shape[1] if len(shape) > 1 else 1)
        base = [a.norm] * n if len(shape) == 1 else [rng.uniform(-0.1, 0.1) for _ in range(min(n, 4099))]
        yield name, shape, array.array("f", (base * (n // len(base) + 1))[:n])  # a prime's period: no row equals the next


def main():
    a = arguments()
    os.makedirs(a.out, exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        if os.path.exists(f"{a.real}/{name}"):
            shutil.copy(f"{a.real}/{name}", f"{a.out}/{name}")
    config = json.load(open(f"{a.real}/config.json"))
    config |= {"hidden_size": a.hidden, "intermediate_size": 2 * a.hidden, "num_hidden_layers": a.layers,
               "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": a.hidden // 2, "tie_word_embeddings": True,
               "torch_dtype": "float32"}
    config.pop("dtype", None)
    json.dump(config, open(f"{a.out}/config.json", "w"))
    header, blobs, begin = {"__metadata__": {"format": "pt"}}, [], 0
    for name, shape, numbers in tensors(a, config["vocab_size"]):
        blobs.append(numbers.tobytes())
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [begin, begin + len(blobs[-1])]}
        begin += len(blobs[-1])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(f"{a.out}/model.safetensors", "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text)
        for blob in blobs:
            f.write(blob)


if __name__ == "__main__":
    main()
