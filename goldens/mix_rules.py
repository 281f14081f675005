"""The rules of rm-distill mix, stated a second time and held against the program record for record.

What is excluded, de-duplicated, decontaminated, capped and weighted, the order, the split and the alternation of the winner, on random
sources in every shape the program reads: ASCII and CJK, escaped and not, with duplicates across shapes, planted benchmark items and
lines that are no records. XXH64 is written out from its specification. Shares nothing with the C++ code; needs Python alone.

mix_rules.py RM_DISTILL [ROUNDS] [SEED]
"""

import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile

M = (1 << 64) - 1
P1, P2, P3, P4, P5 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5


def rotl(x, r):
    return ((x << r) | (x >> (64 - r))) & M


def xxh64(data, seed):
    def step(acc, lane):
        return rotl((acc + lane * P2) & M, 31) * P1 & M

    at, n = 0, len(data)
    if n >= 32:
        acc = [(seed + P1 + P2) & M, (seed + P2) & M, seed, (seed - P1) & M]
        while at + 32 <= n:
            acc = [step(a, int.from_bytes(data[at + 8 * i:at + 8 * i + 8], "little")) for i, a in enumerate(acc)]
            at += 32
        h = sum(rotl(a, r) for a, r in zip(acc, (1, 7, 12, 18))) & M
        for a in acc:
            h = ((h ^ step(0, a)) * P1 + P4) & M
    else:
        h = (seed + P5) & M
    h = (h + n) & M
    while at + 8 <= n:
        h = (rotl(h ^ step(0, int.from_bytes(data[at:at + 8], "little")), 27) * P1 + P4) & M
        at += 8
    if at + 4 <= n:
        h = (rotl(h ^ (int.from_bytes(data[at:at + 4], "little") * P1 & M), 23) * P2 + P3) & M
        at += 4
    for byte in data[at:]:
        h = rotl(h ^ (byte * P5 & M), 11) * P1 & M
    h = (h ^ (h >> 33)) * P2 & M
    h = (h ^ (h >> 29)) * P3 & M
    return h ^ (h >> 32)


class Content:
    """A hash of fields in order, each with its length."""

    def __init__(self, state=0):
        self.state = state

    def add(self, field):
        if isinstance(field, int):
            self.state = xxh64(field.to_bytes(8, "little"), self.state ^ 0x9E3779B97F4A7C15)
        else:
            raw = field.encode()
            self.add(len(raw))
            self.add(xxh64(raw, self.state))
        return self

    def turns(self, turns):
        self.add(len(turns))
        for role, content in turns:
            self.add(role).add(content)
        return self


def words(text):
    out, word = [], ""
    for c in text:
        o = ord(c)
        if c.isascii() and c.isalnum():
            word += c.lower()
        elif o < 0xC0 or 0x2000 <= o <= 0x206F or 0x3000 <= o <= 0x303F or 0xFF00 <= o <= 0xFF0F:
            out, word = out + [word], ""
        elif 0x2E80 <= o <= 0x2FFF or 0x3040 <= o <= 0x9FFF or 0xAC00 <= o <= 0xD7AF or 0xF900 <= o <= 0xFAFF or 0x20000 <= o <= 0x3FFFF:
            out, word = out + [word, c], ""
        else:
            word += c
    return [w for w in out + [word] if w]


def user_words(turns):
    return [w for role, content in turns if role == "user" for w in words(content)]


def contaminated(prompt, items):
    """Any item of fewer than eight words that is a whole turn, or more than half of whose words lie in shared rows of eight."""
    mine = user_words(prompt)
    rows = {tuple(mine[i:i + 8]) for i in range(len(mine) - 7)}
    turns = [words(content) for role, content in prompt if role == "user"]
    for item in items:
        if 0 < len(item) < 8 and item in turns:
            return True
        found = {j for i in range(len(item) - 7) if tuple(item[i:i + 8]) in rows for j in range(i, i + 8)}
        if len(item) >= 8 and len(found) > len(item) / 2:
            return True
    return False


def as_turns(value, role):
    return [(role, value)] if isinstance(value, str) else [(m["role"], m["content"]) for m in value]


def read(record):
    """(prompt, better, worse), or None for what is no labelled pair."""
    question = record.get("prompt", record.get("question", record.get("instruction")))
    if "full_chosen" in record:
        prefix = record["initial_reason_steps"]
        return as_turns(question, "user"), [("assistant", prefix + record["full_chosen"])], [("assistant", prefix + record["full_rejected"])]
    if "accepted" in record:
        return as_turns(record["input"], "user"), as_turns(record["accepted"], "assistant"), as_turns(record["rejected"], "assistant")
    if "chosen" in record and "rejected" in record:
        a, b = as_turns(record["chosen"], "assistant"), as_turns(record["rejected"], "assistant")
        if question is not None:
            return as_turns(question, "user"), a, b
        n = 0
        while n < min(len(a), len(b)) and a[n] == b[n]:
            n += 1
        while n and a[n - 1][0] != "user":
            n -= 1
        return (a[:n], a[n:], b[n:]) if n else None
    if "answer_a" in record:
        a, b = as_turns(record["answer_a"], "assistant"), as_turns(record["answer_b"], "assistant")
        winner = record.get("winner")
        if winner in ("A", "a", "model_a"):
            return as_turns(question, "user"), a, b
        if winner in ("B", "b", "model_b"):
            return as_turns(question, "user"), b, a
    return None


SHAPE = {"prompt", "question", "instruction", "chosen", "rejected", "answer_a", "answer_b", "response_a", "response_b", "responses", "winner",
         "context_messages", "judgment", "warnings", "error", "mix"}
CODE, MATH = {"input", "accepted"}, {"full_chosen", "full_rejected", "initial_reason_steps"}


def written(turns, role):
    return turns[0][1] if len(turns) == 1 and turns[0][0] == role else [{"role": r, "content": c} for r, c in turns]


def expected(sources, o):
    """The two outputs, the failures in order, and the counts by source."""
    seen, kept, failures, counts = set(), [], [], {}
    for name, lines in sources.items():
        c = counts[name] = dict.fromkeys(("seen", "excluded", "duplicates", "contaminated", "failed", "capped", "kept"), 0)
        for number, line in enumerate(lines, 1):
            c["seen"] += 1
            try:
                record = json.loads(line)
            except ValueError:
                record = None
            if record is not None and any((str(record[f]) == v if f in record else False) != negated for f, v, negated in o["exclude"]):
                c["excluded"] += 1
                continue
            pair = read(record) if record is not None else None
            if pair is None:
                c["failed"] += 1
                failures.append(line)
                continue
            prompt = Content().turns(pair[0])
            content = Content(prompt.state).turns(pair[1]).turns(pair[2])
            key = {"pair": tuple(map(tuple, pair)), "prompt": tuple(pair[0]), None: None}[o["dedup"]]
            if key is not None and key in seen:
                c["duplicates"] += 1
                continue
            seen.add(key)
            if contaminated(pair[0], o["items"]):
                c["contaminated"] += 1
                continue
            c["kept"] += 1
            gone = SHAPE | (MATH if "full_chosen" in record else CODE if "accepted" in record else set())
            kept.append((Content().add(o["seed"]).add(content.state).state >> 1, name, number, pair, prompt.state,
                         {k: v for k, v in record.items() if k not in gone}))
    kept.sort(key=lambda k: k[0])  # stable, as equal keys must be
    quota = {n: min(c["kept"], o["cap"].get(n, o["cap"].get(None, math.inf))) for n, c in counts.items()}
    if o["weight"]:
        scale = min(quota[n] / o["weight"].get(n, 1.0) for n in quota)
        quota = {n: min(quota[n], math.floor(scale * o["weight"].get(n, 1.0) + 1e-9)) for n in quota}
    for n, c in counts.items():
        c["capped"], c["kept"] = c["kept"] - quota[n], quota[n]
    outputs = [[], []]
    for _, name, number, (prompt, better, worse), prompt_hash, others in kept:
        if quota[name] == 0:
            continue
        quota[name] -= 1
        draw = Content().add("split").add(o["seed"]).add(prompt_hash).state
        rest = 1 if o["split"] is not None and (draw >> 11) * 2.0 ** -53 >= o["split"] else 0
        out = outputs[rest]
        b = len(out) % 2 != rest
        out.append({**others, "prompt": written(prompt, "user"), "answer_a": written(worse if b else better, "assistant"),
                    "answer_b": written(better if b else worse, "assistant"), "winner": "B" if b else "A", "mix": {"source": name, "line": number}})
    return outputs, failures, counts


class Maker:
    """Random sources, benchmark items and flags."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.vocabulary = ["alpha", "Beta", "the", "of", "is", "42", "naïve", "Straße", "x=1", "\"q\"", "a\\b", "tab\there", "為什麼", "天空", "…", "“so”",
                           "한국어", "don't", "\u007f", "🙂"] + ["w%d" % i for i in range(60)]

    def text(self, low, high):
        return self.rng.choice([" ", "  ", ", ", "\n"]).join(self.rng.choices(self.vocabulary, k=self.rng.randint(low, high)))

    def benchmark(self):
        return [self.text(1, 6) if self.rng.random() < 0.3 else self.text(8, 40) for _ in range(12)]

    def prompt(self, items):
        r = self.rng
        text = self.text(1, 30)
        if r.random() < 0.3:  # an item, or a part of one, with other case and spacing around it
            item = r.choice(items)
            cut = item.split(" ")
            part = " ".join(cut[:max(1, round(len(cut) * r.choice([0.4, 0.6, 1.0])))]).upper() if r.random() < 0.5 else item
            text = part if r.random() < 0.4 else text + " - " + part + "! " + self.text(0, 4)
        if r.random() < 0.25:
            return [("user", self.text(1, 12)), ("assistant", self.text(1, 9)), ("user", text)]
        return [("system", "Be brief."), ("user", text)] if r.random() < 0.1 else [("user", text)]

    def record(self, prompt, better, worse):
        r = self.rng
        lists = [{"role": role, "content": c} for role, c in prompt]
        simple = len(prompt) == 1
        extra = {"id": r.randint(1, 99), "source": r.choice(["magpie_ultra", "own", "offsetbias"])} if r.random() < 0.7 else {"lang": "de", "mix": 3}
        form = r.randint(0, 4)
        if form == 0 and simple:
            cut = r.randint(0, min(len(better), len(worse)))
            while better[:cut] != worse[:cut] or cut in (len(better), len(worse)):
                cut -= 1
            if cut >= 0:
                return {"dataset": "d", "prompt": prompt[0][1], "initial_reason_steps": better[:cut], "chosen": "step", "rejected": "other step",
                        "full_chosen": better[cut:], "full_rejected": worse[cut:], "answer": "7", **extra}
        if form == 1:
            return {**extra, "input": prompt[0][1] if simple else lists, "accepted": better, "rejected": worse}
        if form == 2:
            return {"chosen": lists + [{"role": "assistant", "content": better}], "rejected": lists + [{"role": "assistant", "content": worse}], **extra}
        question = prompt[0][1] if simple and r.random() < 0.7 else lists
        if form == 3:
            swap = r.random() < 0.5
            return {r.choice(["prompt", "question", "instruction"]): question, "answer_a": worse if swap else better,
                    "answer_b": better if swap else worse, "winner": r.choice(["B", "b"] if swap else ["A", "model_a"]), **extra}
        return {"prompt": question, "chosen": better, "rejected": worse, **extra}

    def sources(self, items):
        r, made, out = self.rng, [], {}
        for name in ("one", "two", "three"):
            lines = []
            for _ in range(r.randint(20, 120)):
                what = r.random()
                if what < 0.05:
                    lines.append(r.choice(["{\"torn\": ", "[1, 2]x", "{\"prompt\": \"p\", \"chosen\": \"only\"}",
                                           "{\"prompt\": \"p\", \"answer_a\": \"x\", \"answer_b\": \"y\", \"winner\": \"tie\"}",
                                           "{\"question\": \"p\", \"answer_a\": \"x\", \"answer_b\": \"y\"}"]))
                    continue
                if made and what < 0.25:
                    triple = r.choice(made)
                    if r.random() < 0.4:
                        triple = (triple[0], self.text(1, 20), triple[2])
                else:
                    triple = (self.prompt(items), self.text(1, 40), self.text(1, 40))
                made.append(triple)
                lines.append(json.dumps(self.record(*triple), ensure_ascii=r.random() < 0.5))
            lines.insert(0, json.dumps({"prompt": f"first of {name}", "chosen": "c", "rejected": "r"}))
            out[name] = lines
        return out


def flags(r, items, folder):
    o = {"seed": r.choice([0, 1, 12345, M]), "exclude": [], "dedup": r.choice([None, "pair", "prompt"]), "items": [], "cap": {}, "weight": {}, "split": None}
    args = ["--seed", str(o["seed"])]
    if r.random() < 0.6:
        o["exclude"].append(("source", "magpie_ultra", False))
        args += ["--exclude", "source=magpie_ultra"]
    if r.random() < 0.2:
        o["exclude"].append(("lang", "de", False))
        args += ["--exclude", ".lang=de"]
    if o["dedup"]:
        args += ["--dedup", o["dedup"]]
    if r.random() < 0.6:
        o["items"] = [words(i) for i in items]
        half = len(items) // 2
        (folder / "bench.json").write_text(json.dumps([{"id": i, "prompt": t, "chosen": ["a"], "rejected": ["b"]} for i, t in enumerate(items[:half])], indent=1))
        (folder / "bench.jsonl").write_text("".join(json.dumps({"question": t}) + "\n" for t in items[half:]))
        args += ["--decontaminate", str(folder / "bench.json"), "--decontaminate", str(folder / "bench.jsonl")]
    if r.random() < 0.5:
        o["cap"] = r.choice([{None: 30}, {"two": 10}, {None: 40, "one": 5}, {"three": 0}])
        for name, n in o["cap"].items():
            args += ["--cap", str(n) if name is None else f"{name}={n}"]
    if r.random() < 0.4 and o["cap"].get("three") != 0:
        o["weight"] = r.choice([{"one": 2.0}, {"one": 0.5, "two": 0.3, "three": 0.2}, {"two": 7.0}])
        for name, w in o["weight"].items():
            args += ["--weight", f"{name}={w}"]
    if r.random() < 0.6:
        o["split"] = r.choice([0.12, 0.5, 0.9])
        args += ["--split", f"distill={o['split']}", "--rest", str(folder / "rest.jsonl")]
    return o, args


def load(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def one_round(program, seed, folder):
    maker = Maker(seed)
    items = maker.benchmark()
    sources = maker.sources(items)
    for name, lines in sources.items():
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    o, args = flags(maker.rng, items, folder)
    outputs, failures, counts = expected(sources, o)
    command = [program, "mix", *(str(folder / f"{n}.jsonl") for n in sources), *args, "-o", str(folder / "out.jsonl"), "--summary", str(folder / "sum.json"), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    what = f"round {seed}: {' '.join(args)}"
    if done.returncode != (1 if failures else 0):
        return f"{what}\nended with {done.returncode}: {done.stderr}"
    got = load(folder / "out.jsonl")
    pairs, failed = [g for g in got if "error" not in g], [g for g in got if "error" in g]
    if got[:len(pairs)] != pairs or len(failed) != len(failures):
        return f"{what}\n{len(failed)} failure records, expected {len(failures)}"
    rest = load(folder / "rest.jsonl") if o["split"] is not None else []
    for name, have, want in (("out", pairs, outputs[0]), ("rest", rest, outputs[1])):
        for i, (h, w) in enumerate(zip(have, want)):
            if h != w or list(h) != list(w):
                return f"{what}\n{name}, record {i + 1}:\n got {json.dumps(h)}\nwant {json.dumps(w)}"
        if len(have) != len(want):
            return f"{what}\n{name} has {len(have)} records, expected {len(want)}"
    if {json.dumps(p["prompt"]) for p in pairs} & {json.dumps(p["prompt"]) for p in rest}:
        return f"{what}\na prompt is on both sides"
    summary = json.loads((folder / "sum.json").read_text())
    for s in summary["sources"]:
        if {k: s[k] for k in counts[s["name"]]} != counts[s["name"]]:
            return f"{what}\ncounts of {s['name']}: {s}, expected {counts[s['name']]}"
    return len(pairs) + len(rest)


def main():
    assert xxh64(b"", 0) == 0xEF46DB3751D8E999 and xxh64(b"abc", 0) == 0x44BC2CF5AD770999  # from the specification's own examples
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    records = 0
    for seed in range(first, first + rounds):
        with tempfile.TemporaryDirectory() as folder:
            result = one_round(program, seed, pathlib.Path(folder))
        if isinstance(result, str):
            print(result)
            return 1
        records += result
    print(f"{rounds} random sets agree, {records} records")
    return 0


if __name__ == "__main__":
    sys.exit(main())
