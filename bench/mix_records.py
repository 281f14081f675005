"""Preference pairs for timing rm-distill mix: mix_records.py N [SEED] prints N lines of the forms of the three published sets.

Text is random words of a fixed vocabulary, so that lengths, escapes and languages look like real ones and no prompt repeats.
A hundredth of the records repeats an earlier one.
"""
import json
import random
import sys


def main():
    n, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    rng = random.Random(seed)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(rng.choices(letters, weights=range(26, 0, -1), k=rng.randint(2, 9))) for _ in range(5000)]
    words += ["\n\n", "\"so\"", "- **note**:", "x = [1, 2]\n    return x", "Schlüssel", "naïve", "天空为什么是蓝色的", "\\frac{1}{2}"] * 60
    pool = [" ".join(rng.choices(words, k=120)) for _ in range(4000)]  # pieces of about 700 bytes

    def text(pieces):
        return " ".join(rng.choices(pool, k=pieces))

    lines = []
    for i in range(n):
        if i % 100 == 99 and lines:
            line = rng.choice(lines)
        else:
            question = f"Question {i}: " + " ".join(rng.choices(words, k=40))
            good, bad = text(rng.randint(1, 4)), text(rng.randint(1, 4))
            form = i % 10
            if form < 7:
                user = {"role": "user", "content": question}
                record = {"chosen": [user, {"role": "assistant", "content": good}], "rejected": [user, {"role": "assistant", "content": bad}],
                          "source": "magpie_ultra" if form == 6 else "offsetbias"}
            elif form < 9:
                record = {"id": str(i), "input": question, "accepted": good, "rejected": bad}
            else:
                record = {"dataset": "own", "prompt": question, "initial_reason_steps": "Step 1: look. ", "chosen": good[:80], "rejected": bad[:80],
                          "full_chosen": good, "full_rejected": bad, "answer": "4"}
            line = json.dumps(record, ensure_ascii=False)
        if len(lines) < 1000:
            lines.append(line)
        sys.stdout.write(line + "\n")


main()
