#!/usr/bin/env python3
"""Compares token ids with PyPI's `tokenizers`, string by string, and writes the sample that `make test` reads.

For each vocabulary: its GGUF and encode_text against an oracle without added tokens (every code point alone and among
others, white space, digits, contractions, code, marks, emoji, hostile runs, random mixes, chat text), a tokenizer.json
that the oracle wrote and encode_control against the oracle with added tokens, and what decoding gives back.
Prints "N strings, D differences"; any difference ends with 1.
    tokens.py [--write]     also write tests/golden/text/{tokens,pieces}.jsonl
"""
import json
import sys
import tempfile
from pathlib import Path

from tokenizers import normalizers, pre_tokenizers

import text_oracle as oracle

GOLDEN = oracle.ROOT / "tests/golden/text"


def compare(name, v, strings, folder):
    nfc = normalizers.NFC().normalize_str
    plain, full = oracle.build_oracle(v, False), oracle.build_oracle(v, True)
    # Bytes the vocabulary cannot write are left out by both; such strings cannot come back.
    written = set(pre_tokenizers.ByteLevel.alphabet()) & set(v["tokens"])
    alphabet = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    lossy = len(written) < 256
    differences = 0
    saved = Path(folder) / f"{name}.json"
    saved.write_text(full.to_str(), encoding="utf-8")
    for mode, model, path, rows in (("text", plain, oracle.VOCABULARIES[name][1], strings),
                                    ("control", full, saved, strings[-20000:])):
        before = differences
        answers = oracle.ask(["ids", str(path)], [{mode: s} for s in rows])
        for s, want, got in zip(rows, model.encode_batch_fast(rows, add_special_tokens=False), answers):
            bad = want.ids != got["ids"]
            if mode == "text" and not bad:
                lost = lossy and s and set(alphabet.pre_tokenize_str(s)[0][0]) - written
                bad = not lost and got["back"] != (nfc(s) if v["nfc"] else s)
            if bad:
                differences += 1
                if differences <= 5:
                    print(f"  {name} {mode} {s[:80]!r}: want {want.ids[:40]}, got {got['ids'][:40]}")
        print(f"{name}, {mode}: {len(rows)} strings, {differences - before} differences")
    return differences


def write_goldens(vocabularies):
    strings = list(dict.fromkeys(s for s in oracle.random_strings(2600, 20) if len(s) <= 400))[:2000]
    models = {name: oracle.build_oracle(v, False) for name, v in vocabularies.items()}
    with open(GOLDEN / "tokens.jsonl", "w", encoding="utf-8") as out:
        for s in strings:
            row = {"text": s}
            for name, model in models.items():
                ids = model.encode(s, add_special_tokens=False).ids
                row[name] = [len(ids), oracle.fnv1a(b"".join(i.to_bytes(4, "little") for i in ids))]
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    splits = {name: pre_tokenizers.Sequence([
        pre_tokenizers.Split(oracle_regex(name), "isolated")] if name != "smollm" else [
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Split(oracle_regex("gpt2"), "isolated")])
        for name in oracle.PRE_TOKENIZERS}
    nfc = normalizers.NFC().normalize_str
    with open(GOLDEN / "pieces.jsonl", "w", encoding="utf-8") as out:
        for s in oracle.random_strings(420, 21):
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
    if "--write" in sys.argv and len(vocabularies) == len(oracle.VOCABULARIES):
        write_goldens(vocabularies)
    strings = (oracle.single_code_points() + oracle.chat_strings() + oracle.code_point_strings()
               + oracle.random_strings(20000, 1))
    differences = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, v in vocabularies.items():
            differences += compare(name, v, strings, folder)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
