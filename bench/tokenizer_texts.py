"""The texts on which bench/tokenizer.py measures: real ones where they are present, and two made from a seed."""
import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "goldens"))
import text_oracle as oracle  # noqa: E402

LIMIT = 2_000_000  # bytes of each kind


def strings_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings_in(item)


def real(*patterns):
    """Questions and answers of benchmark files: every string of at least 40 characters, in order, once."""
    out, size = {}, 0
    for pattern in patterns:
        for path in sorted(oracle.SHARED.glob(pattern)):
            for s in strings_in(json.loads(path.read_text(encoding="utf-8"))):
                if len(s) >= 40 and s not in out and size < LIMIT:
                    out[s] = None
                    size += len(s.encode())
    return list(out)


def cjk(rng):
    """Sentences of Chinese and Japanese shape: words of one to three common characters, often the same ones (Zipf)."""
    common = [bytes([row, cell]).decode("gb2312") for row in range(0xB0, 0xD7) for cell in range(0xA1, 0xFF)]
    kana = [chr(c) for c in range(0x3042, 0x3094)]
    weights = [1 / (i + 3) for i in range(len(common))]
    rng.shuffle(common)

    def text(characters, weights, particles):
        words = ["".join(rng.choices(characters, weights, k=rng.choice((1, 2, 2, 2, 3)))) for _ in range(4000)]
        order = [1 / (i + 5) for i in range(len(words))]
        out = []
        for _ in range(rng.randint(4, 30)):
            clause = rng.choices(words, order, k=rng.randint(2, 8))
            out.append("".join(w + (rng.choice(particles) if particles and rng.random() < 0.6 else "") for w in clause))
            out.append(rng.choice(("，", "，", "。", "。\n", "、", "：", "“", "”", "2024", " GPU ", "\n\n")))
        return "".join(out)

    made, size = [], 0
    while size < LIMIT // 4:
        made.append(text(common, weights, "") if rng.random() < 0.7 else text(common[:800], weights[:800], kana))
        size += len(made[-1].encode())
    return made


def mixed(rng):
    """Random strings of the comparison that goldens/tokens.py makes: scripts, marks, emoji, white space, hostile runs."""
    made, size = [], 0
    while size < LIMIT // 4:
        made.append(oracle.random_string(rng))
        size += len(made[-1].encode())
    return made


def kinds():
    found = {"chat": real("rm-bench/chat.json", "rm-bench/safety*.json", "rmb/**/*.json"),
             "code": real("rm-bench/code.json")}
    for name in [n for n, texts in found.items() if not texts]:
        print(f"{name}: skipped, no benchmark files in {oracle.SHARED}")
        del found[name]
    found["CJK, made"] = cjk(random.Random(1))
    found["any Unicode, made"] = mixed(random.Random(2))
    return found
