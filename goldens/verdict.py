"""The oracle of lib/judge/verdict: the rules of rm-judge(1), "VERDICTS", stated with regular expressions.

  verdict.py golden FILE          writes a small table of traces and what the rules say of them
  verdict.py compare PROBE [N]    compares PROBE (build/bin/verdict_probe) on N random traces, 200,000 by default

The three upstream rules are those of RM-R1-UIUC/RM-R1: process_judgement in eval/*/rewardbench/generative.py, answer_reward in
rm_r1/verl/utils/reward_score/lm_as_judge.py, and the filter of
rm_r1/dataset/reasoning_chain_generation/process_anthropic_first_time.py. Python slices count code points.
"""

import json
import random
import re
import subprocess
import sys

BLOCK = r"<answer>\[\[[AB]\]\]</answer>"
QUOTE = "(?:" + "|".join(f"<{q}>.*?</{q}>" for q in ("quote_A", "quote_B", "summary_A", "summary_B")) + ")"
THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.S)
QUOTED = re.compile(QUOTE, re.S)
EVAL = re.compile(r"<eval>(?:%s|(?!</eval>).)*+</eval>" % QUOTE, re.S)
NESTED = re.compile(r"<answer>(?!\[\[[AB]\]\]</answer>)(?:%s|(?!</answer>).)*+</answer>" % BLOCK, re.S)
HIDING = re.compile(r"<think>|<eval>|<quote_A>|<quote_B>|<summary_A>|<summary_B>")
OPENED_BY_PROMPT = re.compile(r"(?:(?!<think>|<eval>|</think>).)*+</think>", re.S)


def visible(trace):
    """The trace with everything that does not decide blanked out, at the same places."""
    text = list(trace)

    def blank(begin, end):
        text[begin:end] = "\0" * (end - begin)

    at = 0
    if m := OPENED_BY_PROMPT.match(trace):
        at = m.end()
        blank(0, at)
    eval_left_open = False
    while m := HIDING.search(trace, at):
        if m.group() == "<think>":
            inside = THOUGHT.match(trace, m.start())
        elif m.group() == "<eval>":
            inside = None if eval_left_open else EVAL.match(trace, m.start())
            eval_left_open |= inside is None
        else:
            inside = QUOTED.match(trace, m.start())
        if inside:
            blank(inside.start(), inside.end())
        at = inside.end() if inside else m.start() + 1
    return "".join(text)


def both(text, a, b, letter):
    """(verdict, place of the last deciding letter) of two spellings searched as plain text."""
    at_a, at_b = text.rfind(a), text.rfind(b)
    if at_a >= 0 and at_b >= 0:
        return "conflict", None
    if at_a < 0 and at_b < 0:
        return "missing", None
    return ("A", at_a + letter) if at_a >= 0 else ("B", at_b + letter)


def strict(trace):
    text = visible(trace)
    text = NESTED.sub(lambda m: "\0" * len(m.group()), text)
    return both(text, "<answer>[[A]]</answer>", "<answer>[[B]]</answer>", 10)


def rewardbench(trace):
    return both(trace, "[[A]]", "[[B]]", 2)


def windowed(trace, n, a, b, letter):
    verdict, at = both(trace[-n:], a, b, letter)
    return verdict, at if at is None else at + max(0, len(trace) - n)


def answer_reward(trace, label):
    tail = trace[-80:]
    mine, other = "<answer>[[%s]]</answer>" % label, "<answer>[[%s]]</answer>" % ("B" if label == "A" else "A")
    return 1 if mine in tail and other not in tail else -1


def rules(trace):
    out = {}
    for mode, (verdict, at) in {
        "strict": strict(trace),
        "rewardbench": rewardbench(trace),
        "reward": windowed(trace, 80, "<answer>[[A]]</answer>", "<answer>[[B]]</answer>", 10),
        "distill": windowed(trace, 100, "[[A]]", "[[B]]", 2),
    }.items():
        out[mode] = verdict if at is None else "%s@%d" % (verdict, len(trace[:at].encode()))
    for label in "AB":
        out["reward_" + label] = answer_reward(trace, label)
        out["keeps_" + label] = "[[%s]]" % label in trace[-100:]
    return out


TAGS = ["<answer>", "</answer>", "<think>", "</think>", "<eval>", "</eval>", "<type>Chat</type>", "<rubric>", "</rubric>"]
TAGS += [slash + name + ">" for name in ("quote_A", "quote_B", "summary_A", "summary_B") for slash in ("<", "</")]
MARKS = ["<answer>[[A]]</answer>", "<answer>[[B]]</answer>"] * 3
MARKS += ["[[A]]", "[[B]]", "[[ A ]]", "[[a]]", "[[Ａ]]", "[[А]]", "[[\u200bA]]", "<answer>[[A]]", "[[B]]</answer>", "[[", "]]"]
WORDS = ["A", "B", "is better", "Chatbot A", " ", "\n", "<", ">", "</", "<answer", "x" * 7, "judge ", "判", "评价", "答案", "é", "😀", "ア", "한"]


def random_trace(rng):
    kind = rng.random()
    if kind < 0.25:  # a judgment as models write it, with something thrown in
        letter = rng.choice("AB")
        parts = ["<type>Chat</type>\n", "<rubric>1. x (40%)</rubric>\n", "<eval>", rng.choice(WORDS), "<quote_A>", rng.choice(MARKS + WORDS),
                 "</quote_A>", "<summary_B>", rng.choice(WORDS), "</summary_B>", "</eval>\n", "<answer>[[%s]]</answer>" % letter]
        for _ in range(rng.randrange(4)):
            parts.insert(rng.randrange(len(parts) + 1), rng.choice(TAGS + MARKS))
        for _ in range(rng.randrange(3)):
            del parts[rng.randrange(len(parts))]
    elif kind < 0.5:  # a window's edge
        filler = rng.choice(["x", "判", "é", "😀", " "])
        parts = [filler * rng.randrange(150), rng.choice(MARKS), filler * rng.randrange(40, 110), rng.choice(MARKS + [""]), filler * rng.randrange(3)]
    else:
        parts = [rng.choice(rng.choice((TAGS, MARKS, WORDS))) for _ in range(rng.randrange(24))]
    return "".join(parts)


def compare(probe, n):
    rng = random.Random(20)
    traces = [random_trace(rng) for _ in range(n)]
    lines = "".join(json.dumps({"trace": t}, ensure_ascii=i % 2 == 0) + "\n" for i, t in enumerate(traces))
    out = subprocess.run([probe], input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    assert len(out) == n, "%d answers to %d traces" % (len(out), n)
    wrong, seen = 0, {}
    for trace, line in zip(traces, out):
        want = rules(trace)
        for mode in ("strict", "rewardbench", "reward", "distill"):
            key = mode, want[mode].split("@")[0]
            seen[key] = seen.get(key, 0) + 1
        if json.loads(line) != want:
            wrong += 1
            if wrong <= 5:
                print("differs:", json.dumps(trace), "\n  probe", line, "\n  rules", json.dumps(want))
    for mode in ("strict", "rewardbench", "reward", "distill"):
        print("%-12s" % mode, " ".join("%s %d" % (v, seen.get((mode, v), 0)) for v in ("A", "B", "missing", "conflict")))
    wide = sum(1 for t in traces if not t.isascii())
    print("%d traces (%d with characters beyond ASCII), %d differ" % (n, wide, wrong))
    return wrong == 0


def golden(path):
    rng = random.Random(21)
    with open(path, "w", encoding="utf-8") as f:
        for _ in range(400):
            trace = random_trace(rng)
            f.write(json.dumps({"trace": trace, **rules(trace)}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if len(sys.argv) >= 3 and sys.argv[1] == "golden":
        golden(sys.argv[2])
    elif len(sys.argv) >= 3 and sys.argv[1] == "compare":
        sys.exit(0 if compare(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 200_000) else 1)
    else:
        sys.exit(__doc__)
