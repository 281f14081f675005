"""Goldens of lib/base, from independent implementations: Python's json and UTF-8 decoder, numpy's Philox.

Writes tests/golden/base/{json,utf8,philox}.txt. Run by `make goldens`; deterministic.
"""

import json
import math
import pathlib
import random
import sys

import numpy

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "base"
DEPTH = 32


class Refused(Exception):
    pass


def whole(text):
    value = int(text)
    if not -(2**63) <= value < 2**64:
        raise Refused("integer")
    return value


def real(text):
    value = float(text)
    if math.isinf(value):
        raise Refused("range")
    return value


def constant(text):
    raise Refused(text)


def members(pairs):
    if len({k for k, _ in pairs}) != len(pairs):
        raise Refused("repeated key")
    return dict(pairs)


def depth(value):
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


def accepts(raw):
    """What json.h promises to accept, decided by Python."""
    try:
        text = raw.decode("utf-8")
        if text.startswith("\ufeff"):
            return False
        value = json.loads(text, parse_int=whole, parse_float=real, parse_constant=constant, object_pairs_hook=members)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate cannot be encoded
        return depth(value) <= DEPTH
    except (Refused, ValueError, RecursionError):
        return False


def random_value(rng, level=0):
    kind = rng.randrange(8 if level < 4 else 6)
    if kind == 0:
        return None
    if kind == 1:
        return rng.choice([True, False])
    if kind == 2:
        return rng.choice([0, -1, 7, 2**63 - 1, -(2**63), 2**64 - 1, 2**64, rng.randrange(10**6)])
    if kind == 3:
        return rng.choice([0.5, -1e-7, 1e308, 5e-324, rng.random()])
    if kind < 6:
        return "".join(rng.choice(['a', '"', "\\", "\n", "é", "漢", "😀", "\u0000", "\u2028"]) for _ in range(rng.randrange(5)))
    if kind == 6:
        return [random_value(rng, level + 1) for _ in range(rng.randrange(4))]
    return {rng.choice("abcdef"): random_value(rng, level + 1) for _ in range(rng.randrange(4))}


def json_cases(rng, count):
    junk = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"0", b"-", b"+", b".", b"e5", b"e400", b"\\ud83d", b"\\ude00", b"\\u0000",
            b"\\x", b"\x00", b"\x1f", b"\x7f", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"NaN", b"null", b"tru", b" ", b"\t",
            b"\x0c", b"\xc2\xa0", b'"a":1,', b'"a":1,"a":2', b"18446744073709551616", b"1e-400", b"00", b"//x", b"'"]
    for _ in range(count):
        raw = json.dumps(random_value(rng), ensure_ascii=rng.random() < 0.5).encode("utf-8")
        for _ in range(rng.randrange(3)):
            at = rng.randrange(len(raw) + 1)
            how = rng.randrange(3)
            if how == 0:
                raw = raw[:at] + rng.choice(junk) + raw[at:]
            elif how == 1:
                raw = raw[:at] + raw[at + 1:]
            else:
                raw = raw[:at] + rng.choice(junk) + raw[at + rng.randrange(3):]
        yield raw
    for n in (31, 32, 33, 64):
        yield b"[" * n + b"]" * n
        yield b'{"a":' * n + b"1" + b"}" * n


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    rng = random.Random(20240607)
    with open(OUT / "json.txt", "w") as f:
        for raw in json_cases(rng, 3000):
            f.write(f"{int(accepts(raw))} {raw.hex() or '-'}\n")
    with open(OUT / "utf8.txt", "w") as f:
        pieces = [b"a", b"\x80", b"\xc0", b"\xc3", b"\xa9", b"\xe0", b"\xa0", b"\xed", b"\x9f", b"\xbf", b"\xf0", b"\x90", b"\xf4", b"\x8f",
                  b"\xf5", b"\xff", "é".encode(), "漢".encode(), "😀".encode(), b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\n", b'"', b"\\", b"\x01"]
        for _ in range(1500):
            raw = b"".join(rng.choice(pieces) for _ in range(rng.randrange(9)))
            f.write(f"{raw.hex() or '-'} {raw.decode('utf-8', errors='replace').encode().hex() or '-'}\n")
    with open(OUT / "philox.txt", "w") as f:
        for seed in (0, 1, 42, 2**64 - 1):
            draws = numpy.random.Philox(key=seed).random_raw(16)
            f.write(f"{seed} " + " ".join(str(int(d)) for d in draws) + "\n")
    print(f"wrote {OUT}", file=sys.stderr)


if __name__ == "__main__":
    main()
