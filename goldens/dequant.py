#!/usr/bin/env python3
"""Writes random blocks of every stored type with what the gguf library makes of them.

    python goldens/dequant.py [OUT_FILE]

OUT_FILE (tests/golden/weightfile/dequant.z) is zlib: for each type a line "NAME bytes elements\\n", the blocks, then the floats (little-endian f32).
Blocks are random bytes whose half-precision scales are kept finite, besides a few edge patterns (zero, all ones, subnormal
scales). F16 holds every seventh 16-bit pattern that is no NaN, and all subnormal ones.
"""
import pathlib
import sys
import zlib

import numpy as np
from gguf import GGMLQuantizationType as T, GGML_QUANT_SIZES, dequantize

# Where the half-precision scales of a block lie.
SCALES = {T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208]}


def blocks_of(kind, rng):
    elements, size = GGML_QUANT_SIZES[kind]
    n = 6 if elements == 256 else 24
    raw = rng.integers(0, 256, (n, size), dtype=np.uint8)
    for at in SCALES[kind]:
        scales = rng.normal(0, 0.1, n).astype(np.float16)
        scales[:4] = [0.0, np.float16(6e-8), 65504.0, -1.0]
        raw[:, at:at + 2] = scales.view(np.uint8).reshape(n, 2)
    raw[4] = np.where(np.isin(np.arange(size), [a + i for a in SCALES[kind] for i in (0, 1)]), raw[4], 255)
    return raw


def main():
    rng = np.random.default_rng(20)
    out = b""
    patterns = np.arange(65536, dtype=np.uint16)
    half = patterns[~np.isnan(patterns.view(np.float16)) & ((patterns % 7 == 0) | (patterns % 32768 < 1100))]
    with np.errstate(invalid="ignore"):
        cases = [("F16", half.view(np.uint8), half.view(np.float16).astype(np.float32))]
    brain = rng.integers(0, 65536, 512, dtype=np.uint16)
    brain = brain[(brain & 0x7F80) != 0x7F80]
    cases.append(("BF16", brain.view(np.uint8), dequantize(brain.view(np.uint8), T.BF16)))
    single = rng.normal(0, 1, 64).astype(np.float32)
    cases.append(("F32", single.view(np.uint8), dequantize(single, T.F32)))
    for kind in SCALES:
        raw = blocks_of(kind, rng)
        with np.errstate(over="ignore", invalid="ignore"):
            cases.append((kind.name, raw, dequantize(raw, kind)))
    for name, raw, floats in cases:
        data, values = raw.tobytes(), floats.astype("<f4").tobytes()
        out += f"{name} {len(data)} {len(values) // 4}\n".encode() + data + values
    default = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/weightfile/dequant.z"
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zlib.compress(out, 9))


if __name__ == "__main__":
    main()
