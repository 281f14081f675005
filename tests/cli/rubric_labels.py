#!/usr/bin/env python3
"""Holds rm-rubric extract to labels made by hand: tests/golden/rubric/labels.jsonl.

A label names a trace by its hash (the first 16 digits of SHA-256) and says what a careful reader finds in its rubric: the type, and every
criterion with its weight as a fraction, null where none is written or it is not sure. Rules of labelling:
  - a criterion is what the rubric lists: an item, a row, an element, a phrase of the prose with a weight of its own. Its name is the text up
    to its weight, colon or dash, without markers; a sentence that has none of these is its own name. Names that come back are one;
  - a weight is what is written as one (percent, points with their total, fractions); sums need not be 1. Words are no weights;
  - what stands inside <justify> is no criterion. criteria null: the rubric cannot be read by anyone, and must be reported as unread.
A rubric counts as read when every criterion is found with its weight, by exact name (white space and the end's punctuation aside), and
nothing else is; one labelled null when nothing is found and the record says so.

Usage: rubric_labels.py LABELS TRACES... [--show]: TRACES are judged records, or lines with rubric_from or {text}; rm-rubric must be in PATH. Prints the rate by
set with Wilson's interval; traces without a label and labels without a trace are counted. Ends with 1 below 95 % in any set.
"""
import hashlib
import json
import math
import re
import subprocess
import sys


def traces(paths):
    seen = {}
    for path in paths:
        for line in open(path, encoding="utf-8"):
            record = json.loads(line)
            texts = [s["text"] for s in record.get("judgment", {}).get("samples", [])]
            for text in texts or [record.get("rubric_from", {}).get("text") or record.get("text") or ""]:
                if "<rubric>" in text:
                    seen[hashlib.sha256(text.encode()).hexdigest()[:16]] = text
    return seen


def plain(name):
    return re.sub(r"[\s.:;,]+$", "", re.sub(r"\s+", " ", name)).strip()


def read(label, rubric):
    found = {plain(c["name"]): c["weight"] for c in rubric["criteria"]}
    if label["criteria"] is None:
        return not found and any(u["what"] == "rubric" for u in rubric.get("unread", []))
    wanted = {plain(n): w for n, w in label["criteria"]}
    same = lambda a, b: (a is None) == (b is None) and (a is None or abs(a - b) < 1e-9)
    return found.keys() == wanted.keys() and all(same(found[n], wanted[n]) for n in wanted) and rubric["type"] == label["type"]


def wilson(k, n, z=1.959963984540054):
    p, d = k / n, 1 + z * z / n
    middle, half = (p + z * z / (2 * n)) / d, z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / d
    return 100 * (middle - half), 100 * (middle + half)


def main():
    show = "--show" in sys.argv
    paths = [a for a in sys.argv[1:] if a != "--show"]
    labels = {l["trace"]: l for l in map(json.loads, open(paths[0], encoding="utf-8"))}
    texts = traces(paths[1:])
    here = [h for h in labels if h in texts]
    lines = "".join(json.dumps({"response": texts[h]}) + "\n" for h in here)
    out = subprocess.run(["rm-rubric", "extract", "--quiet"], input=lines, capture_output=True, text=True, check=True).stdout
    sets = {}
    for h, line in zip(here, out.splitlines()):
        rubric = json.loads(line)["rubric"]
        good = read(labels[h], rubric)
        sets.setdefault(labels[h]["set"], []).append(good)
        if show and not good:
            print(h, "wanted", labels[h]["type"], json.dumps(labels[h]["criteria"], ensure_ascii=False))
            print(" " * 16, "found ", rubric["type"], json.dumps([[c["name"], c["weight"]] for c in rubric["criteria"]], ensure_ascii=False),
                  json.dumps(rubric.get("unread", []), ensure_ascii=False))
    for name, goods in sorted(sets.items()):
        k, n = sum(goods), len(goods)
        print("%s: %d of %d rubrics read: %.1f %% (%.1f to %.1f)" % (name, k, n, 100 * k / n, *wilson(k, n)))
    print(f"{len(labels) - len(here)} labels without a trace, {len(texts) - len(here)} traces without a label")
    return 1 if not sets or any(sum(g) < 0.95 * len(g) for g in sets.values()) else 0


sys.exit(main())
