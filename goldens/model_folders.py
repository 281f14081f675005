#!/usr/bin/env python3
"""Holds the folders that write_model and write_adapter make to transformers and peft, which must load them as they are.

    python goldens/model_folders.py --probe build/bin/folder-probe [--models DIR] [--strings 20000]

GGUF models: AutoTokenizer of the folder gives our tokenizer's ids and those of a tokenizer built by hand from the
file's vocabulary (text_oracle.py); and those of transformers' own reading of the GGUF, but for what it leaves out of
it: the digits of SmolLM2, the NFC of Qwen2. apply_chat_template gives the same text, AutoModelForCausalLM loads
without a missing or unexpected key, and its weights are bit for bit what transformers makes of the GGUF, rounded to
bf16. Vocabularies alone: their tokenizer.json, with and without the token that begins a text. Tiny folders of every
family (tiny_models.py): the same in bf16 and f32, whole and in shards, texts byte for byte. Adapters: outputs of
every module are W x + alpha / r B A x. All folders open in our reader with an equal configuration and text. Prints a
line for each and ends with 1 where one differs.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
import torch
from peft import PeftModel
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast
from transformers.utils import logging

import text_oracle as oracle
import tiny_models as tiny

# The vocabulary of text_oracle, and which strings transformers reads from the GGUF as the model's own tokenizer does.
GGUFS = {
    "smollm2-135m-instruct-q4_1.gguf":
        ("smollm2", lambda s: not any(unicodedata.category(c)[0] == "N" for c in s)),
    "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf": ("qwen2.5", lambda s: unicodedata.normalize("NFC", s) == s),
}
CHATS = [[("user", "Hi")],
         [("system", "Be brief."), ("user", "What is 17 * 23?\n\n"), ("assistant", "391"), ("user", " Why? ")],
         [("user", "<|im_end|> naïve e\u0301 中文"), ("assistant", "<think>a</think>b"), ("user", "")]]
SHARD = 40_000
failures = 0


def say(name, differences):
    global failures
    failures += bool(differences)
    print(f"{name}: {'ok' if not differences else 'DIFFERS: ' + '; '.join(differences)}", flush=True)


def run(binary, *arguments):
    return subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True)


def write(binary, *arguments):
    done = run(binary, *arguments)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, arguments))}: {done.stderr}")


def probe_ids(path, mode, strings):
    return [a["ids"] for a in oracle.ask(["ids", str(path)], [{mode: s} for s in strings])]


def count(name, strings, want, got):
    bad = [s for s, a, b in zip(strings, want, got) if list(a) != list(b)]
    return [f"{name}: {len(bad)} of {len(strings)}, such as {bad[0][:60]!r}"] if bad else []


def compare_tokens(name, path, folder, strings):
    vocabulary, transformers_reads = GGUFS[name]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(strings, add_special_tokens=False)["input_ids"]
    out = count("added by itself", strings, ids, tokenizer(strings)["input_ids"])
    built = oracle.build_oracle(oracle.read_vocabulary(vocabulary), True)
    by_hand = [e.ids for e in built.encode_batch_fast(strings, add_special_tokens=False)]
    out += count("built by hand", strings, by_hand, ids)
    out += count("ours of the GGUF", strings, probe_ids(path, "control", strings), ids)
    out += count("ours of the folder", strings, probe_ids(folder / "tokenizer.json", "control", strings), ids)
    out += count("ours, as content", strings, probe_ids(path, "text", strings),
                 probe_ids(folder / "tokenizer.json", "text", strings))
    theirs = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    plain = [s for s in strings if transformers_reads(s)]
    out += count("transformers of the GGUF", plain, theirs(plain, add_special_tokens=False)["input_ids"],
                 tokenizer(plain, add_special_tokens=False)["input_ids"])
    for key in ("eos_token", "pad_token", "bos_token", "eos_token_id", "pad_token_id"):
        if getattr(tokenizer, key) != getattr(theirs, key):
            out.append(f"{key} is {getattr(tokenizer, key)!r}, not {getattr(theirs, key)!r}")
    visible = [tokenizer.decode(i, skip_special_tokens=True) for i in ids[:2000]]
    out += count("decoded", strings[:2000], [theirs.decode(i, skip_special_tokens=True) for i in ids[:2000]], visible)
    for chat in CHATS:
        messages = [{"role": r, "content": c} for r, c in chat]
        for ask in (False, True):
            texts = [t.apply_chat_template(messages, tokenize=False, add_generation_prompt=ask)
                     for t in (tokenizer, theirs)]
            if texts[0] != texts[1]:
                out.append(f"chat template: {texts}")
    say(f"{name}: tokens of {len(strings)} strings ({len(plain)} with transformers' GGUF), {2 * len(CHATS)} chats", out)


def load(folder, dtype, **more):
    model, info = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, output_loading_info=True, **more)
    out = [f"{k}: {sorted(v)[:3]}" for k, v in info.items() if k != "error_msgs" and v]
    return model.eval(), out + list(info.get("error_msgs") or [])


def compare_weights(want, got, dtype):
    out, a, b = [], want.state_dict(), got.state_dict()
    if a.keys() != b.keys():
        return [f"keys: {sorted(a.keys() ^ b.keys())[:4]}"]
    bits = torch.int16 if dtype == torch.bfloat16 else torch.int32
    for key, t in a.items():
        if b[key].dtype != dtype or not torch.equal(t.to(dtype).view(bits), b[key].view(bits)):
            out.append(f"weights of {key}")
    return out[:4]


def compare_configs(want, got):
    ignored = {"_name_or_path", "_model_name_or_path", "transformers_version", "dtype", "torch_dtype", "architectures",
               "unk_token_id", "head_dim", "pad_token_id"}
    out = []
    a, b = want.to_dict(), got.to_dict()
    for key in sorted((a.keys() | b.keys()) - ignored):
        x, y = a.get(key), b.get(key)
        near = isinstance(x, float) and isinstance(y, float) and torch.tensor(x) == torch.tensor(y)  # in f32
        if x != y and not near:
            out.append(f"config {key} is {y!r}, not {x!r}")
    return out


def compare_gguf(binary, path, work, strings):
    folder = work / path.stem
    write(binary, "model", path, folder)
    say(f"{path.name}: opens as the same model", [e for e in [run(binary, "same", path, folder).stderr.strip()] if e])
    compare_tokens(path.name, path, folder, strings)
    model, out = load(folder, torch.bfloat16)
    extra = {}
    try:
        from transformers import GgufConfig
        extra = {"quantization_config": GgufConfig(dequantize=True)}
    except ImportError:
        pass
    want = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32, **extra)
    out += compare_weights(want, model, torch.bfloat16)
    out += compare_configs(AutoConfig.from_pretrained(path.parent, gguf_file=path.name), model.config)
    eos = model.generation_config.eos_token_id
    if eos != want.config.eos_token_id:
        out.append(f"generation_config: eos is {eos}")
    say(f"{path.name}: {len(model.state_dict())} tensors in transformers", out)


def compare_vocabulary(binary, name, work, strings):
    """A vocabulary's tokenizer.json; llama3 begins texts with a token of its own."""
    v = oracle.read_vocabulary(name)
    if not v:
        return print(f"{name}: skipped, {oracle.VOCABULARIES[name][1].name} is not here")
    path = work / f"{name}.json"
    write(binary, "tokenizer", oracle.VOCABULARIES[name][1], path)
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(path))
    built = oracle.build_oracle(v, True)
    want = [e.ids for e in built.encode_batch_fast(strings, add_special_tokens=False)]
    out = count("ids", strings, want, tokenizer(strings, add_special_tokens=False)["input_ids"])
    begin = [built.token_to_id("<|begin_of_text|>")] if v["split"] == "llama3" else []
    out += count("ids with what is added", strings, [begin + i for i in want], tokenizer(strings)["input_ids"])
    say(f"{name}: tokenizer.json of the vocabulary, {len(strings)} strings", out)


def same_texts(source, folder):
    out = []
    for f in sorted(source.iterdir()):
        if f.suffix not in (".json", ".jinja", ".txt") or f.name in ("expected.json", "model.safetensors.index.json"):
            continue
        a, b = f.read_text(), (folder / f.name).read_text()
        if f.name == "config.json":
            a, b = (re.sub(r'("(torch_)?dtype": )"\w+"', r"\1_", t) for t in (a, b))
        out += [] if a == b else [f"{f.name} is changed"]
    return out


def compare_tiny(binary, name, work, seed):
    source = work / name
    tiny.write_folder(name, str(source), seed)
    # Of another vocabulary, but something to copy.
    qwen = work / Path(next(iter(GGUFS))).stem
    for f in ("tokenizer.json", "tokenizer_config.json") if qwen.exists() else ():
        (source / f).write_text((qwen / f).read_text())
    stored = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
    for dtype, shard in (("bf16", 0), ("f32", SHARD)):
        folder = work / f"{name}-written"  # the second run finds what the first one left
        write(binary, "model", source, folder, "--dtype", dtype, *(["--shard-bytes", shard] if shard else []))
        model, out = load(folder, "auto")
        out += [e for e in [run(binary, "same", source, folder).stderr.strip()] if e]
        torch_dtype = torch.bfloat16 if dtype == "bf16" else torch.float32
        out += compare_weights(stored, model, torch_dtype) + same_texts(source, folder)
        out += compare_configs(stored.config, model.config)
        weights = sorted(f.name for f in folder.glob("*.safetensors*"))
        single = weights == ["model.safetensors"]
        if single == bool(shard):
            out.append(f"files are {weights}")
        if shard:
            index = json.loads((folder / "model.safetensors.index.json").read_text())
            if sorted(set(index["weight_map"].values())) != [w for w in weights if not w.endswith(".json")]:
                out.append(f"files are {weights}")
        say(f"{name} as {dtype}, {len(weights)} files", out)


def adapter_values(shape):
    i = torch.arange(shape[0] * shape[1])
    return (((i * 37 % 251) - 125).float() / 1000).reshape(shape)


def compare_adapter(binary, name, work, rank=6, alpha=9.0):
    source, folder = work / name, work / f"{name}-adapter"
    write(binary, "adapter", source, folder, "--rank", rank, "--alpha", alpha)
    base = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
    plain = {n: m for n, m in base.named_modules() if isinstance(m, torch.nn.Linear)}
    weights = {n: m.weight.detach().clone() for n, m in plain.items()}
    adapted = PeftModel.from_pretrained(base, folder).eval()
    out, seen = [], 0
    for n, m in adapted.base_model.model.named_modules():
        if n not in weights:
            continue
        touched = n.endswith(("q_proj", "v_proj", "down_proj"))
        if hasattr(m, "lora_A") != touched:
            out.append(f"{n} is {'not ' if touched else ''}adapted")
            continue
        x = torch.randn(3, weights[n].shape[1], generator=torch.Generator().manual_seed(1))
        want = x @ weights[n].T
        if getattr(plain[n], "bias", None) is not None:
            want = want + plain[n].bias
        if touched:
            seen += 1
            a, b = adapter_values((rank, weights[n].shape[1])), adapter_values((weights[n].shape[0], rank))
            want = want + alpha / rank * (x @ a.T @ b.T)
        got = m(x)
        if not torch.allclose(got, want, rtol=1e-5, atol=1e-5):
            out.append(f"{n} differs by {(got - want).abs().max():.1e}")
    if adapted.peft_config["default"].task_type != "CAUSAL_LM":
        out.append("task_type")
    say(f"{name}: adapter in peft, {seen} modules", out + ([] if seen else ["nothing is adapted"]))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--probe", default="build/bin/folder-probe")
    p.add_argument("--models", default=str(oracle.MODELS))
    p.add_argument("--strings", type=int, default=20000)
    o = p.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    strings = [s for s in oracle.random_strings(o.strings, 5) if s]
    strings += oracle.code_point_strings()[:4000] + oracle.chat_strings()[:2000]
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        work = Path(folder)
        for name in GGUFS:
            path = Path(o.models) / name
            if path.exists():
                compare_gguf(o.probe, path, work, strings)
            else:
                print(f"skipped: {name} is not in {o.models}")
        for name in oracle.VOCABULARIES:
            compare_vocabulary(o.probe, name, work, strings)
        for seed, name in enumerate(tiny.FOLDERS):
            compare_tiny(o.probe, name, work, seed)
        for name in ("llama-plain-f32", "qwen2-yarn-f32-tied", "qwen3-plain-bf16-tied"):
            compare_adapter(o.probe, name, work)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
