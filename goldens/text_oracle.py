"""What the token and template scripts share: vocabularies as PyPI's `tokenizers` objects, strings, the probe."""
import json
import os
import random
import subprocess
from pathlib import Path

from tokenizers import Tokenizer

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("RM_SHARED", ROOT.parent / "shared" / "data"))
if not (SHARED / "vocab").is_dir() and (SHARED / "data" / "vocab").is_dir():
    SHARED = SHARED / "data"
MODELS = Path(os.environ.get("RM_TEST_MODELS", Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local/share"))
                             / "rm-r1/models"))

# The split patterns as the families publish them in tokenizer.json.
MODERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
VOCABULARIES = {
    "qwen2.5": ("qwen2", MODELS / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
    "llama3": ("llama3", SHARED / "vocab/ggml-vocab-llama-bpe.gguf"),
    "smollm2": ("smollm", MODELS / "smollm2-135m-instruct-q4_1.gguf"),
    "gpt2": ("gpt2", SHARED / "vocab/ggml-vocab-gpt-2.gguf"),
}


def fnv1a(data):
    """The 64-bit hash that goldens keep instead of long answers."""
    h = 0xCBF29CE484222325
    for b in data:
        h = (h ^ b) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def split_pattern(pattern):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def byte_level(use_regex):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": use_regex}


PRE_TOKENIZERS = {
    "gpt2": byte_level(True),
    "smollm": {"type": "Sequence",
               "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level(True)]},
    "qwen2": {"type": "Sequence", "pretokenizers": [split_pattern(MODERN % ""), byte_level(False)]},
    "llama3": {"type": "Sequence", "pretokenizers": [split_pattern(MODERN % "{1,3}"), byte_level(False)]},
}


def read_vocabulary(name):
    """The GGUF's tokens and merges, and what their family's tokenizer.json says besides; None where absent."""
    import gguf
    split, path = VOCABULARIES[name]
    if not path.exists():
        return None
    fields = gguf.GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()  # 1 normal, 3 control, 4 user defined, 5 unused
    return {"split": split, "nfc": split == "qwen2", "ignore_merges": split == "llama3",
            "tokens": [t if k == 1 else "" for t, k in zip(tokens, kinds)],
            "merges": fields["tokenizer.ggml.merges"].contents(),
            "added": [[i, t, k == 3] for i, (t, k) in enumerate(zip(tokens, kinds)) if k in (3, 4)]}


def build_oracle(v, with_added):
    """The same vocabulary as a `tokenizers.Tokenizer`; without added tokens it reads text as content must be read."""
    vocab = {t: i for i, t in enumerate(v["tokens"]) if t}
    added = [dict(id=i, content=t, special=s, single_word=False, lstrip=False, rstrip=False, normalized=False)
             for i, t, s in v["added"]] if with_added else []
    if v["split"] == "smollm" and with_added:
        vocab.update({a["content"]: a["id"] for a in added})
    return Tokenizer.from_str(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "NFC"} if v["nfc"] else None, "pre_tokenizer": PRE_TOKENIZERS[v["split"]],
        "post_processor": None, "decoder": byte_level(False),
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
                  "ignore_merges": v["ignore_merges"], "vocab": vocab,
                  "merges": [m.split(" ") for m in v["merges"]]}}))


def probe():
    found = os.environ.get("RM_TEXT_PROBE") or next(
        (p for p in (ROOT / "build").glob("**/text-probe") if p.is_file()), None)
    if not found:
        raise SystemExit("no text-probe: build the target text-probe, or name it in RM_TEXT_PROBE")
    return str(found)


def ask(arguments, rows):
    """Runs the probe over JSON rows; yields its answers."""
    text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
    run = subprocess.run([probe(), *arguments], input=text.encode(), stdout=subprocess.PIPE, check=True)
    answers = run.stdout.decode().split("\n")[:-1]
    assert len(answers) == len(rows), f"{len(answers)} answers to {len(rows)} rows"
    return [json.loads(a) for a in answers]


WORDS = ("the answer is chatbot A because its code returns quickly don't we'll I'VE they'd He's it'S 'twas O'Brien "
         "naïve façade Straße ŒUVRE Ελληνικά русский язык "
         "עברית العربية हिन्दी ภาษาไทย 한국어 日本語 中文字符 ﬁne ſoft 'ſ").split()
PIECES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", " \n", "\n ",
          "\u00a0", "\u3000", "\u2028", "\u0085", "\x0b", "\x1f",
          "0", "12", "345", "2024", "1234567", "٣٤٥", "½", "Ⅷ", "²",
          "'s", "'S", "'t", "'re", "'VE", "'ll", "'Ll", "'d", "'m", "'",
          "!", "...", "?!", "==", "{}", "->", "//", "/*", "#include <x>",
          "def f(x):", "    return x", "\\n", "`", "**", "_", "$",
          "👍", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "👋🏽",
          "e\u0301", "a\u0323\u0307", "\u0301", "\u1100\u1161\u11a8", "각", "\u212b", "\u0344",
          "\u200b", "\u200d", "\ufeff", "\u202e",
          "\U000e0041", "\ufffd", "\ue000", "\U0001d400", "\U00020000", "\x00", "\x7f",
          "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<think>", "</think>", "[INST]", "<answer>[[A]]</answer>"]


def hostile(rng):
    unit = rng.choice(["A", " ", "\n", "\r", "\t", "中", "\u0301", "👩‍👩‍👧‍👦",
                       "'", "!", "0", "ab", "aA", " a", "a ", "\n ", " \n",
                       "e\u0301", "\u1161", "12 ", "</", "\u00a0", "가"])
    return unit * rng.choice([1, 2, 3, 7, 31, 64, 65, 66, 128, 500, 2000])


def random_string(rng):
    kind = rng.random()
    if kind < 0.35:
        return "".join(rng.choice(PIECES) if rng.random() < 0.6 else rng.choice(WORDS)
                       for _ in range(rng.randint(1, 24)))
    if kind < 0.5:
        return " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 30)))
    if kind < 0.65:
        return "".join(chr(rng.choice([rng.randint(0, 0x7f), rng.randint(0x80, 0x24ff), rng.randint(0x3000, 0xd7ff),
                                       rng.randint(0xe000, 0xffff), rng.randint(0x10000, 0x1ffff),
                                       rng.randint(0x20000, 0x10ffff)])) for _ in range(rng.randint(1, 40)))
    if kind < 0.8:
        marks = [chr(c) for c in range(0x300, 0x370)] + list(
            "\u0591\u05b0\u0651\u064b\u0e38\u093c\u094d\u20d0\u302a\u3099")
        return "".join(rng.choice("aeiouAÅʼ가ᄀのか中 ") + "".join(rng.choice(marks) for _ in range(rng.randint(0, 5)))
                       for _ in range(rng.randint(1, 12)))
    if kind < 0.9:
        return hostile(rng)
    return "".join(rng.choice(" \n\t\r\u00a0ab1!'") for _ in range(rng.randint(1, 30)))


def random_strings(count, seed):
    rng = random.Random(seed)
    return [random_string(rng) for _ in range(count)]


def code_point_strings():
    """Every code point alone between letters, by the hundred, and in chunks of neighbours."""
    codes = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
    assigned = [c for c in codes if c < 0x3400 or 0x9f00 <= c < 0x20000 or 0xe0000 <= c < 0xe0200]
    out = ["".join(chr(c) for c in codes[i:i + 64]) for i in range(0, len(codes), 64)]
    out += [" a".join(chr(c) for c in assigned[i:i + 16]) for i in range(0, len(assigned), 16)]
    out += ["".join(chr(c) + "\u0301 " for c in assigned[i:i + 64]) for i in range(0, len(assigned), 64)]
    return out


def single_code_points():
    return [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def chat_strings():
    """Questions and answers of RM-Bench where the data is present."""
    out = []
    for path in sorted((SHARED / "rm-bench").glob("*.json")):
        for item in json.loads(path.read_text()):
            for value in (item.get("prompt"), *item.get("chosen", []), *item.get("rejected", [])):
                if isinstance(value, str):
                    out.append(value)
    return out
