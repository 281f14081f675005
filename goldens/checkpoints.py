#!/usr/bin/env python3
"""Checkpoints by other hands: one that sharded ranks would have written, for ours to read; and what ours writes, read here.

    python goldens/checkpoints.py [--probe build/bin/save-probe] [OUT_DIR]

OUT_DIR (tests/golden/tune/checkpoints) gets step-00000012: three ranks' files by the safetensors library, each tensor cut between
rows as a rank's share would be, keys of our own choosing, and a manifest summed by the xxhash package.
tests/lib/tune/checkpoint_golden_test.cc makes the same values. With --probe, folders that the probe saves (files of several sizes) are
read with these two libraries: sums, sizes, the pieces joined, every value.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import xxhash
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

SEAL = ',"xxh3":"'
FACTS = {"step": 12, "epoch": 1, "position": 1408, "threads": 2, "seed": 11400714819323198485, "rng": 2**63, "isa": "avx2", "dtype": "bf16",
         "device": "cpu", "settings": "settings", "data": "data", "base": "base", "notes": '{"note": "größe ☃"}'}
SHAPES = {"model.embed_tokens.weight": (13, 6), "model.norm.weight": (6,), "alone": (1, 2, 2), "scale": ()}
SLOTS = ("weight", "exp_avg", "exp_avg_sq")
RANKS = 3


def sealed(manifest):
    text = json.dumps(manifest, ensure_ascii=False, separators=(",", ": "))[:-1]
    return (text + SEAL + xxhash.xxh3_128_hexdigest(text.encode()) + '"}\n').encode()


def golden_values(slot, name):
    """Eighths that count up from a start of the tensor's own."""
    shape = SHAPES[name]
    start = 100 * SLOTS.index(slot) + 10 * list(SHAPES).index(name)
    return (start + np.arange(np.prod(shape, dtype=int), dtype=np.float32) / 8).reshape(shape).astype(np.float32)


def write_golden(out):
    folder = out / "step-00000012"
    folder.mkdir(parents=True, exist_ok=True)
    held, pieces = [{} for _ in range(RANKS)], []
    for slot in SLOTS:
        for name, shape in SHAPES.items():
            values, rows = golden_values(slot, name), (shape or (1,))[0]
            cuts = [rows * r // RANKS for r in range(RANKS)] + [rows]  # 13 rows: 4, 4, 5; one row lies with the last
            for rank in reversed(range(RANKS)):
                begin, end = cuts[rank], cuts[rank + 1]
                if begin == end:
                    continue
                key = f"{name}@{begin}.{slot}"
                held[rank][key] = np.ascontiguousarray(values[begin:end]) if shape else values
                pieces.append({"key": key, "name": name, "slot": slot, "shape": list(shape), "begin": begin, "end": end,
                               "file": f"rank-{rank}.safetensors"})
    files = []
    for rank in range(RANKS):
        path = folder / f"rank-{rank}.safetensors"
        save_file(held[rank], path)
        path.chmod(0o644)
        data = path.read_bytes()
        files.append({"name": path.name, "bytes": len(data), "xxh3": xxhash.xxh3_128_hexdigest(data)})
    (folder / "manifest.json").write_bytes(sealed({"tensors": pieces, "files": files, "format": 1, **FACTS}))


def mixed(x, shift, factor):
    return (x ^ x >> np.uint64(shift)) * np.uint64(factor)


def probe_values(step, tensor, count):
    """save-probe's: SplitMix64's mixing of step, tensor and element; the upper half's bits as a float that is no NaN."""
    with np.errstate(over="ignore"):
        x = (np.uint64(step) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(tensor) * np.uint64(0xBF58476D1CE4E5B9)
             + np.arange(count, dtype=np.uint64))
        x = mixed(mixed(x, 30, 0xBF58476D1CE4E5B9), 27, 0x94D049BB133111EB)
    return (x >> np.uint64(32)).astype(np.uint32) & np.uint32(0xFF7FFFFF)


def check_saved(folder, step):
    """Reads a checkpoint of the probe's; the number of files."""
    text = (folder / "manifest.json").read_bytes()
    body, seal = text.rsplit(SEAL.encode(), 1)
    assert seal == xxhash.xxh3_128_hexdigest(body).encode() + b'"}\n', "the manifest's own sum"
    manifest = json.loads(text)
    facts = {k: manifest[k] for k in ("format", "step", "epoch", "position", "seed", "rng", "threads", "isa", "dtype", "device", "base")}
    assert facts == {"format": 1, "step": step, "epoch": 2, "position": step * 128, "seed": 2**64 - 1, "rng": 2**63 + 1, "threads": 2,
                     "isa": "avx512-bf16", "dtype": "bf16", "device": "cpu", "base": 'models/a "quoted" one\n'}, facts
    assert json.loads(manifest["notes"]) == {"pass_tokens": 12288, "rate": 1.5}
    assert sorted(f["name"] for f in manifest["files"]) == sorted(p.name for p in folder.iterdir() if p.name != "manifest.json")
    held = {}
    for f in manifest["files"]:
        data = (folder / f["name"]).read_bytes()
        assert (len(data), xxhash.xxh3_128_hexdigest(data)) == (f["bytes"], f["xxh3"]), f["name"]
        held[f["name"]] = load_file(folder / f["name"])
    with safe_open(folder / manifest["files"][0]["name"], "np") as first:
        assert first.metadata() == {"format": "pt"}
    shapes = {"model.embed_tokens.weight": [61, 16], "model.layers.0.mlp.up_proj.weight": [24, 8, 3], "model.norm.weight": [16],
              "scale": []}
    used = 0
    for tensor, (slot, name) in enumerate((s, n) for s in SLOTS for n in shapes):
        pieces = sorted((p for p in manifest["tensors"] if (p["slot"], p["name"]) == (slot, name)), key=lambda p: p["begin"])
        assert all(p["shape"] == shapes[name] for p in pieces)
        assert [p["begin"] for p in pieces[1:]] == [p["end"] for p in pieces[:-1]]
        parts = [held[p["file"]][p["key"]] for p in pieces]
        assert all(a.dtype == np.float32 for a in parts)
        assert [len(a) if a.shape else 1 for a in parts] == [p["end"] - p["begin"] for p in pieces]
        whole = np.concatenate(parts) if shapes[name] else parts[0]
        assert list(whole.shape) == shapes[name], (whole.shape, name)
        assert np.array_equal(whole.reshape(-1).view(np.uint32), probe_values(step, tensor, whole.size)), name
        used += len(pieces)
    assert used == len(manifest["tensors"])
    return len(manifest["files"])


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    p = argparse.ArgumentParser()
    p.add_argument("--probe")
    p.add_argument("out", nargs="?", type=pathlib.Path, default=root / "tests/golden/tune/checkpoints")
    o = p.parse_args()
    write_golden(o.out)
    if not o.probe:
        return
    seen = []
    for size in (10**9, 7000, 700, 1):
        with tempfile.TemporaryDirectory() as scratch:
            subprocess.run([o.probe, "save", scratch, "31", "0", str(size)], check=True)
            seen.append(check_saved(pathlib.Path(scratch) / "checkpoints/step-00000031", 31))
    print(f"checkpoints of {seen} files agree")


if __name__ == "__main__":
    sys.exit(main())
