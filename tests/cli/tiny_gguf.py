#!/usr/bin/env python3
"""Writes a GGUF of random weights that trains in milliseconds, with the metadata of a real Llama one. Standard library only.

    python tests/cli/tiny_gguf.py REAL.gguf OUT.gguf [--hidden 32] [--layers 2] [--seed 1] [--norm 1]

Layout: the GGUF specification, version 3. Tensors are f32; the vocabulary, merges and template are copied as they are. The numbers are
those of tiny_model.py with the same arguments, so that both are one model. In a GGUF of a Llama the two halves of the rows of each query and
key head are interleaved.
"""
import array
import struct

import tiny_model

SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY, U32, ALIGNMENT = 8, 9, 4, 32
NAMES = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "q_proj": "attn_q", "k_proj": "attn_k",
         "v_proj": "attn_v", "o_proj": "attn_output", "gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down"}


class Reader:
    def __init__(self, path):
        self.f = open(path, "rb")

    def number(self, form):
        return struct.unpack("<" + form, self.f.read(struct.calcsize("<" + form)))[0]

    def string(self):
        return self.f.read(self.number("Q"))

    def skip_value(self, kind):
        if kind == STRING:
            self.string()
        elif kind == ARRAY:
            inner, n = self.number("I"), self.number("Q")
            for _ in range(n):
                self.skip_value(inner)
        else:
            self.f.read(SIZES[kind])

    def pairs(self):
        """{key: (type, bytes of the value)}"""
        if self.f.read(4) != b"GGUF" or self.number("I") != 3:
            raise SystemExit("no GGUF of version 3")
        self.number("Q")
        out = {}
        for _ in range(self.number("Q")):
            key, kind = self.string().decode(), self.number("I")
            begin = self.f.tell()
            self.skip_value(kind)
            end = self.f.tell()
            self.f.seek(begin)
            out[key] = (kind, self.f.read(end - begin))
        return out


def string(s):
    return struct.pack("<Q", len(s)) + s.encode()


def interleaved(values, heads, row):
    """The first half of a head's rows and the second, by turns."""
    height = len(values) // row // heads
    out = array.array("f")
    for h in range(heads):
        for r in range(height):
            at = (h * height + r % 2 * (height // 2) + r // 2) * row
            out += values[at:at + row]
    return out


def gguf_name(name):
    """The name of a tensor in a GGUF, of its name in a model folder."""
    parts = name.removesuffix(".weight").split(".")
    if parts[1] != "layers":
        return {"embed_tokens": "token_embd", "norm": "output_norm"}[parts[1]] + ".weight"
    return f"blk.{parts[2]}.{NAMES[parts[-1]]}.weight"


def main():
    a = tiny_model.arguments()
    pairs, D = Reader(a.real).pairs(), a.hidden
    vocab = struct.unpack("<I", pairs["llama.vocab_size"][1])[0]
    small = {"block_count": a.layers, "embedding_length": D, "feed_forward_length": 2 * D, "attention.head_count": 2,
             "attention.head_count_kv": 1, "rope.dimension_count": D // 2}
    for key, value in small.items():
        pairs["llama." + key] = (U32, struct.pack("<I", value))
    pairs["general.file_type"] = (U32, struct.pack("<I", 0))
    entries, data = [], b""
    for name, shape, values in tiny_model.tensors(a, vocab):
        if "q_proj" in name or "k_proj" in name:
            values = interleaved(values, 2 if "q_proj" in name else 1, D)
        entries.append(string(gguf_name(name)) +
                       struct.pack(f"<I{len(shape)}QIQ", len(shape), *reversed(shape), 0, len(data)))
        data += values.tobytes()
        data += bytes(-len(data) % ALIGNMENT)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(entries), len(pairs))
    head += b"".join(string(k) + struct.pack("<I", kind) + value for k, (kind, value) in pairs.items()) + b"".join(entries)
    with open(a.out, "wb") as f:
        f.write(head + bytes(-len(head) % ALIGNMENT) + data)


if __name__ == "__main__":
    main()
