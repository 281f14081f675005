#!/usr/bin/env python3
"""Writes files by the safetensors library (with torch's rounding to bf16), which ours must equal byte for byte.

    python goldens/safetensors_write.py [OUT_DIR]

OUT_DIR (tests/golden/weightfile) gets saved-f32.safetensors and saved-bf16.safetensors: tensor "pattern.<n>" holds the
floats whose bits are PATTERNS, and "count.<shape>" counts up in steps of 11/32 from -3.
tests/lib/weightfile/safetensors_write_test.cc makes the same values.
"""
import pathlib
import struct
import sys

import torch
from safetensors.torch import save_file

# Ties both ways, just above and below them, signed zeros, subnormal numbers, the largest, infinities.
PATTERNS = [0x00000000, 0x80000000, 0x3F800000, 0x3F808000, 0x3F818000, 0x3F808001, 0x3F807FFF, 0xBF808000, 0xBF818000,
            0x00000001, 0x00008000, 0x00018000, 0x80008001, 0x007FFFFF, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F7F7FFF, 0x7F7F8000,
            0x7F800000, 0xFF800000, 0x42F6E979, 0xC2F6E979]
SHAPES = [(1,), (5, 3), (2, 2, 3), (300,)]


def tensors():
    values = struct.unpack(f"<{len(PATTERNS)}f", struct.pack(f"<{len(PATTERNS)}I", *PATTERNS))
    out = {f"pattern.{len(PATTERNS)}": torch.tensor(values, dtype=torch.float32)}
    for shape in SHAPES:
        n = torch.Size(shape).numel()
        count = torch.arange(n, dtype=torch.float32) * 0.34375 - 3
        out["count." + "x".join(map(str, shape))] = count.reshape(shape)
    return out


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "tests/golden/weightfile"
    for name, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16)):
        path = out / f"saved-{name}.safetensors"
        save_file({k: v.to(dtype) for k, v in tensors().items()}, path, metadata={"format": "pt"})
        path.chmod(0o644)


if __name__ == "__main__":
    main()
