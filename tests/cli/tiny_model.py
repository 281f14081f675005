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


def main():
    a = argparse.ArgumentParser()
    a.add_argument("real")
    a.add_argument("out")
    a.add_argument("--hidden", type=int, default=32)
    a.add_argument("--layers", type=int, default=2)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--norm", type=float, default=1.0)
    a = a.parse_args()
    os.makedirs(a.out, exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        if os.path.exists(f"{a.real}/{name}"):
            shutil.copy(f"{a.real}/{name}", f"{a.out}/{name}")
    config = json.load(open(f"{a.real}/config.json"))
    vocab, D, F = config["vocab_size"], a.hidden, 2 * a.hidden
    config |= {"hidden_size": D, "intermediate_size": F, "num_hidden_layers": a.layers, "num_attention_heads": 2,
               "num_key_value_heads": 1, "head_dim": D // 2, "tie_word_embeddings": True, "torch_dtype": "float32"}
    config.pop("dtype", None)
    json.dump(config, open(f"{a.out}/config.json", "w"))
    shapes = {"model.embed_tokens.weight": (vocab, D), "model.norm.weight": (D,)}
    for i in range(a.layers):
        at = f"model.layers.{i}."
        shapes |= {at + "input_layernorm.weight": (D,), at + "post_attention_layernorm.weight": (D,),
                   at + "self_attn.q_proj.weight": (D, D), at + "self_attn.k_proj.weight": (D // 2, D),
                   at + "self_attn.v_proj.weight": (D // 2, D), at + "self_attn.o_proj.weight": (D, D),
                   at + "mlp.gate_proj.weight": (F, D), at + "mlp.up_proj.weight": (F, D), at + "mlp.down_proj.weight": (D, F)}
    rng, header, blobs, begin = random.Random(a.seed), {"__metadata__": {"format": "pt"}}, [], 0
    for name, shape in shapes.items():
        n = shape[0] * (shape[1] if len(shape) > 1 else 1)
        base = [a.norm] * n if len(shape) == 1 else [rng.uniform(-0.1, 0.1) for _ in range(min(n, 4099))]
        blob = array.array("f", (base * (n // len(base) + 1))[:n]).tobytes()  # a prime's period: no row equals the next
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [begin, begin + len(blob)]}
        begin += len(blob)
        blobs.append(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(f"{a.out}/model.safetensors", "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text)
        for blob in blobs:
            f.write(blob)


if __name__ == "__main__":
    main()
