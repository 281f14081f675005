#!/usr/bin/env python3
"""Judged records by the million, as rm-judge would write them, for measuring rm-eval score.

About 1 KB each: a question, two answers, a trace, a verdict; 20 subsets; every record an item of its own. Deterministic.
Usage: eval_records.py [RECORDS] > FILE
"""
import json
import random
import sys

WORDS = ("the answer begins with a short plan and then works through each step in order while checking units signs and edge "
         "cases before it states a result that can be verified by hand or by running the code shown above").split()


def sentences(rng, words):
    text = []
    for i in range(words):
        text.append(rng.choice(WORDS))
        if i % 11 == 10:
            text.append(rng.choice([".\n", ". ", ":\n- ", ".\n\n## ", " \"so\" ", " **bold** ", " naïve ", ".\n1. "]))
    return " ".join(text)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rng = random.Random(20240607)
    # JSON texts without their quotes, put together in pairs, so that a million records take seconds.
    part = [json.dumps(sentences(rng, n), ensure_ascii=i % 2 == 0)[1:-1] for i, n in enumerate([8, 14, 20, 27] * 256)]
    out = sys.stdout
    for i in range(count):
        a, b, c, d = (part[k & 1023] for k in (rng.getrandbits(10), i * 7, i * 13 + 5, rng.getrandbits(10)))
        roll, swapped, subset = rng.random(), rng.getrandbits(1), i % 20
        first = roll < 0.55 + subset * 0.01
        verdict = "null" if roll > 0.98 else '"A"' if first else '"B"'
        letter = verdict if not swapped or verdict == "null" else '"B"' if first else '"A"'
        right = "true" if first and roll <= 0.98 else "false"
        reason = "ok" if verdict != "null" else "no_verdict" if i & 1 else "length"
        preferred = "null" if verdict == "null" else '"chosen"' if first else '"rejected"'
        out.write(
            f'{{"prompt":"{a}","chosen":"{b} {c}","rejected":"{c}","bench":{{"name":"pairs","version":1,"subset":"s{subset:02}",'
            f'"item":"{i}","cell":0,"n":1}},"judgment":{{"verdict":{verdict},"preferred":{preferred},"correct":{right},'
            f'"confidence":null,"votes":{{"A":{int(verdict == chr(34) + "A" + chr(34))},"B":{int(verdict == chr(34) + "B" + chr(34))},'
            f'"none":{int(verdict == "null")}}},"consistent":null,"samples":[{{"order":"{"ba" if swapped else "ab"}",'
            f'"verdict":{letter},"reason":"{reason}","type":"chat","text":"<type>Chat</type>\\n{d} {a}\\n<answer>[[A]]</answer>",'
            f'"reasoning":"","p_a":null,"finish_reason":"stop","usage":{{"prompt_tokens":312,"completion_tokens":{len(d)}}}}}],'
            f'"model":"generated","prompt_id":"0123456789abcdef","seed":0}}}}\n')


if __name__ == "__main__":
    main()
