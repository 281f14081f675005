#!/usr/bin/env python3
"""Compares token ids with PyPI's `tokenizers`, string by string, and writes the sample that `make test` reads.

For each vocabulary: the added-token-free oracle against encode_text (every code point alone and among others, white
space, digits, contractions, code, marks, emoji, hostile runs, random mixes, chat text), the oracle with added tokens
against encode_control, and what decoding gives back. Prints "N strings, D differences"; any difference ends with 1.
    tokens.py [--write]     also write tests/golden/text/{tokens,pieces}.jsonl
"""
import json
import sys
import tempfile
from pathlib import Path

from tokenizers import normalizers, pre_tokenizers

import text_oracle as oracle

GOLDEN = oracle.ROOT / "tests/golden/text"


def fnv1a(ids):
    h = 0xCBF29CE484222325
    for i in ids:
        for b in i.to_bytes(4, "little"):
            h = (h ^ b) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def expected_back(v, text, nfc, lost):
    text = nfc(text) if v["nfc"] else text
    return text if not lost else None


def compare(name, v, strings, path):
    nfc = normalizers.NFC().normalize_str
    plain, full = oracle.build_oracle(v, False), oracle.build_oracle(v, True)
    # Bytes the vocabulary cannot write are left out by both; such strings cannot come back.
    written = set(pre_tokenizers.ByteLevel.alphabet()) & set(v["tokens"])
    alphabet = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    lossy = len(written) < 256
    differences = 0
    for mode, model, rows in (("text", plain, strings), ("control", full, strings[-20000:])):
        answers = oracle.ask(["ids", path], [{mode: s} for s in rows])
        for s, want, got in zip(rows, model.encode_batch_fast(rows, add_special_tokens=False), answers):
            bad = want.ids != got["ids"]
            if mode == "text" and not bad:
                lost = lossy and s and set(alphabet.pre_tokenize_str(s)[0][0]) - written
                back = expected_back(v, s, nfc, lost)
                bad = back is not None and got["back"] != back
            if bad:
                differences += 1
                if differences <= 5:
                    print(f"  {name} {mode} {s[:80]!r}: want {want.ids[:40]}, got {got['ids'][:40]}")
        print(f"{name}, {mode}: {len(rows)} strings, {differences} differences")
    return differences


def write_goldens(vocabularies):
    strings = list(dict.fromkeys(s for s in oracle.random_strings(2600, 20) if len(s) <= 400))[:2000]
    models = {name: oracle.build_oracle(v, False) for name, v in vocabularies.items()}
    with open(GOLDEN / "tokens.jsonl", "w", encoding="utf-8") as out:
        for s in strings:
            row = {"text": s}
            for name, model in models.items():
                ids = model.encode(s, add_special_tokens=False).ids
                row[name] = [len(ids), fnv1a(ids)]
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    splits = {name: pre_tokenizers.Sequence([
        pre_tokenizers.Split(oracle_regex(name), "isolated")] if name != "smollm" else [
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Split(oracle_regex("gpt2"), "isolated")])
        for name in oracle.PRE_TOKENIZERS}
    nfc = normalizers.NFC().normalize_str
    with open(GOLDEN / "pieces.jsonl", "w", encoding="utf-8") as out:
        for s in oracle.random_strings(700, 21):
            if len(s) > 120:
                continue
            row = {"text": s, "nfc": nfc(s)}
            row.update({name: [p for p, _ in split.pre_tokenize_str(s)] for name, split in splits.items()})
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def oracle_regex(name):
    from tokenizers import Regex
    gpt2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
    return Regex({"gpt2": gpt2, "qwen2": oracle.MODERN % "", "llama3": oracle.MODERN % "{1,3}"}.get(name, gpt2))


def main():
    vocabularies = {n: v for n in oracle.VOCABULARIES if (v := oracle.read_vocabulary(n))}
    for name in oracle.VOCABULARIES.keys() - vocabularies.keys():
        print(f"{name}: skipped, {oracle.VOCABULARIES[name][1].name} is not here")
    if "--write" in sys.argv:
        write_goldens(vocabularies)
    strings = (oracle.single_code_points() + oracle.chat_strings() + oracle.code_point_strings()
               + oracle.random_strings(20000, 1))
    differences = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, v in vocabularies.items():
            path = Path(folder) / f"{name}.json"
            path.write_text(json.dumps(v))
            differences += compare(name, v, strings, str(path))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
