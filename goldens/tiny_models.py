#!/usr/bin/env python3
"""Writes small random models as transformers saves them, with what transformers computes from them.

    python goldens/tiny_models.py OUT_DIR [--pack PACK_DIR]

OUT_DIR/<name>/      a Hugging Face folder (config.json, generation_config.json, one or several safetensors), or
OUT_DIR/<name>/model.gguf   the same weights through the gguf library, plus:
    expected.json    {"prompts": [[id, ...], ...], "rows": [[position, ...], ...], "vocab": V, "greedy": [[id, ...], ...]}
    expected.f32     little-endian f32 log-probabilities, one row of V per recorded position, in that order
PACK_DIR/<name>.tar.gz is the same folder packed reproducibly, for those in PACKED.

Log-probabilities are transformers' in float32 with eager attention over the weights as stored (16-bit and quantised weights
are widened first). Weights are multiples of 1/32: exact in every stored type, and they compress well.
"""
import argparse
import gzip
import io
import json
import os
import shutil
import tarfile

import numpy as np
import torch
import gguf
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

VOCAB = 320
GREEDY = 16
MODELS = {"llama": (LlamaConfig, LlamaForCausalLM), "qwen2": (Qwen2Config, Qwen2ForCausalLM),
          "qwen3": (Qwen3Config, Qwen3ForCausalLM)}
THETA = 10000.0
ROPES = {
    "plain": {"rope_type": "default", "rope_theta": THETA},
    "linear": {"rope_type": "linear", "factor": 2.5, "rope_theta": THETA},
    "llama3": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
               "original_max_position_embeddings": 32, "rope_theta": THETA},
    "yarn": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32, "rope_theta": THETA},
    "yarnattn": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32, "rope_theta": THETA,
                 "attention_factor": 1.25, "beta_fast": 16.0, "beta_slow": 2.0, "truncate": False},
}
# name: (family, rope, dtype, tied, sharded, old spelling of rope in config.json, further config fields)
FOLDERS = {
    "llama-plain-f32": ("llama", "plain", "float32", False, False, False, {}),
    "llama-linear-bf16-sharded": ("llama", "linear", "bfloat16", False, True, True, {}),
    "llama-llama3-f16-tied": ("llama", "llama3", "float16", True, False, False, {}),
    "llama-bias-f32": ("llama", "plain", "float32", False, False, True, {"attention_bias": True, "mlp_bias": True}),
    "qwen2-plain-bf16-sharded": ("qwen2", "plain", "bfloat16", False, True, True, {}),
    "qwen2-yarn-f32-tied": ("qwen2", "yarn", "float32", True, False, True, {}),
    "qwen3-plain-bf16-tied": ("qwen3", "plain", "bfloat16", True, False, False, {}),
    "qwen3-yarnattn-f16-sharded": ("qwen3", "yarnattn", "float16", False, True, False, {}),
}
# name: (family, rope, quant type, tied)
GGUFS = {
    "llama-llama3-q8_0-gguf": ("llama", "llama3", "Q8_0", False),
    "llama-linear-q4_0-gguf": ("llama", "linear", "Q4_0", True),
    "qwen2-plain-q4_1-gguf": ("qwen2", "plain", "Q4_1", False),
    "qwen2-yarn-q5_0-gguf": ("qwen2", "yarn", "Q5_0", False),
    "qwen3-plain-q5_1-gguf": ("qwen3", "plain", "Q5_1", True),
    "qwen3-plain-bf16-gguf": ("qwen3", "plain", "BF16", False),
}
PACKED = ["llama-llama3-f16-tied", "llama-linear-bf16-sharded", "qwen2-yarn-f32-tied", "qwen3-plain-bf16-tied",
          "llama-linear-q4_0-gguf", "qwen2-plain-q4_1-gguf"]


def make_model(family, rope, tied, extra, seed):
    config_class, model_class = MODELS[family]
    config = config_class(
        vocab_size=VOCAB, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=24 if family == "qwen3" else 16, max_position_embeddings=128,
        rms_norm_eps=1e-5 if family == "llama" else 1e-6, tie_word_embeddings=tied, rope_parameters=dict(ROPES[rope]),
        bos_token_id=1, eos_token_id=[2, 3] if family == "llama" else 2, attn_implementation="eager", **extra)
    model = model_class(config).float().eval()
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            w = torch.randn(p.shape, generator=g)
            if p.dim() == 2:
                w = w * (1.5 / p.shape[1] ** 0.5)
            elif name.endswith("bias"):
                w = w * 0.2
            else:
                w = 1 + 0.2 * w
            p.copy_(torch.round(w * 32) / 32)
    return model


def expect(model, out):
    rng = np.random.default_rng(7)
    prompts = [rng.integers(4, VOCAB, n).tolist() for n in (1, 7, 48)]
    rows = [list(range(len(p)))[-8:] for p in prompts]
    greedy = []
    with open(os.path.join(out, "expected.f32"), "wb") as f, torch.no_grad():
        for p, r in zip(prompts, rows):
            lp = torch.log_softmax(model(torch.tensor([p])).logits[0].float(), -1)
            f.write(lp[r].numpy().astype("<f4").tobytes())
            ids = list(p)
            for _ in range(GREEDY):
                ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
            greedy.append(ids[len(p):])
    with open(os.path.join(out, "expected.json"), "w") as f:
        json.dump({"prompts": prompts, "rows": rows, "vocab": VOCAB, "greedy": greedy}, f)


def old_spelling(path):
    """Rewrites config.json as transformers 4 wrote it: rope_theta and rope_scaling instead of rope_parameters."""
    with open(path) as f:
        c = json.load(f)
    rope = c.pop("rope_parameters")
    c["rope_theta"] = rope.pop("rope_theta")
    kind = rope.pop("rope_type")
    c["rope_scaling"] = None if kind == "default" else {**rope, "type": kind}
    c["torch_dtype"] = c.pop("dtype")
    with open(path, "w") as f:
        json.dump(c, f, indent=2)


def write_folder(name, out, seed):
    family, rope, dtype, tied, sharded, old, extra = FOLDERS[name]
    model = make_model(family, rope, tied, extra, seed)
    model.to(getattr(torch, dtype)).save_pretrained(out, max_shard_size="40KB" if sharded else "1GB")
    if old:
        old_spelling(os.path.join(out, "config.json"))
    # Read back: .to() has rounded the rotary frequencies of this object, which no file holds.
    expect(type(model).from_pretrained(out, dtype=torch.float32, attn_implementation="eager").eval(), out)


GGUF_NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
              "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
              "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
              "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}


def gguf_name(name):
    fixed = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
             "lm_head.weight": "output.weight"}
    if name in fixed:
        return fixed[name]
    _, _, layer, rest = name.split(".", 3)
    module, kind = rest.rsplit(".", 1)
    return f"blk.{layer}.{GGUF_NAMES[module]}.{kind}"


def interleave(w, heads):
    """Rows of each head from halves (Hugging Face) to neighbours (GGUF's Llama)."""
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def write_gguf(name, out, seed):
    family, rope, quant, tied = GGUFS[name]
    model = make_model(family, rope, tied, {}, seed)
    c, kind = model.config, gguf.GGMLQuantizationType[quant]
    os.makedirs(out)
    w = gguf.GGUFWriter(os.path.join(out, "model.gguf"), family)
    w.add_context_length(c.max_position_embeddings)
    w.add_embedding_length(c.hidden_size)
    w.add_block_count(c.num_hidden_layers)
    w.add_feed_forward_length(c.intermediate_size)
    w.add_head_count(c.num_attention_heads)
    w.add_head_count_kv(c.num_key_value_heads)
    w.add_layer_norm_rms_eps(c.rms_norm_eps)
    w.add_rope_freq_base(THETA)
    if family == "qwen3":
        w.add_key_length(c.head_dim)
        w.add_value_length(c.head_dim)
    if family == "llama":
        w.add_rope_dimension_count(c.head_dim)
        w.add_vocab_size(VOCAB)
    if rope in ("linear", "yarn"):
        w.add_rope_scaling_type(gguf.RopeScalingType.LINEAR if rope == "linear" else gguf.RopeScalingType.YARN)
        w.add_rope_scaling_factor(ROPES[rope]["factor"])
    if rope == "yarn":
        w.add_rope_scaling_orig_ctx_len(ROPES[rope]["original_max_position_embeddings"])
    w.add_bos_token_id(1)
    w.add_eos_token_id(2)
    if rope == "llama3":
        plain = 1.0 / THETA ** (torch.arange(0, c.head_dim, 2).float() / c.head_dim)
        w.add_tensor("rope_freqs.weight", (plain / model.model.rotary_emb.inv_freq).numpy())
    state = model.state_dict()
    with torch.no_grad():
        for hf, t in state.items():
            if tied and hf == "lm_head.weight":
                continue
            a = t.numpy()
            heads = c.num_attention_heads if "q_proj" in hf else c.num_key_value_heads if "k_proj" in hf else 0
            stored = np.ascontiguousarray(interleave(a, heads)) if family == "llama" and heads else a
            if a.ndim == 1:
                w.add_tensor(gguf_name(hf), stored)
                continue
            q = gguf.quantize(stored, kind)
            w.add_tensor(gguf_name(hf), q, raw_dtype=kind)
            back = gguf.dequantize(q, kind).reshape(a.shape)
            if family == "llama" and heads:
                back = back.reshape(heads, a.shape[0] // heads // 2, 2, -1).swapaxes(1, 2).reshape(a.shape)
            t.copy_(torch.from_numpy(np.ascontiguousarray(back)))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    expect(model, out)


def pack(folder, path):
    """tar.gz with fixed times and owners: the same bytes for the same content."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as t:
        for f in sorted(os.listdir(folder)):
            info = t.gettarinfo(os.path.join(folder, f), f"{os.path.basename(folder)}/{f}")
            info.mtime, info.uid, info.gid, info.uname, info.gname, info.mode = 0, 0, 0, "", "", 0o644
            with open(os.path.join(folder, f), "rb") as data:
                t.addfile(info, data)
    with open(path, "wb") as f:
        f.write(gzip.compress(raw.getvalue(), 9, mtime=0))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("out")
    p.add_argument("--pack")
    args = p.parse_args()
    torch.set_num_threads(1)
    for seed, name in enumerate([*FOLDERS, *GGUFS]):
        out = os.path.join(args.out, name)
        shutil.rmtree(out, ignore_errors=True)
        (write_folder if name in FOLDERS else write_gguf)(name, out, seed)
        if args.pack and name in PACKED:
            os.makedirs(args.pack, exist_ok=True)
            pack(out, os.path.join(args.pack, name + ".tar.gz"))
        print(name, flush=True)


if __name__ == "__main__":
    main()
