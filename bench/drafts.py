#!/usr/bin/env python3
"""What guessing ahead is worth: real pairs judged one after the other with --draft 0 and with the default. The outputs must be the
same byte for byte. Seconds are of the whole run, its loading and the computing of prompts included; those are stated apart,
as a run that writes a single token takes them too.
"""
import argparse
import json
import os
import sys

import judge_vs_llama
import llama


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--model", default=str(llama.DEFAULT_MODEL))
    p.add_argument("--pairs", type=int, default=12)
    p.add_argument("--max-tokens", type=int, default=512)
    p.add_argument("--threads", type=int, default=os.cpu_count())
    args = p.parse_args()
    records = llama.pairs(args.pairs)

    def run(*flags):
        return judge_vs_llama.judge(records, args.model, args, ["--batch", "1", *flags])[:2]
    (text, plain), (guessed_text, guessed), (_, prompts) = run("--draft", "0"), run(), run("--max-tokens", "1")
    tokens = sum(s["usage"]["completion_tokens"] for line in text.splitlines() for s in json.loads(line)["judgment"]["samples"])
    print(f"machine: {judge_vs_llama.cpu()}; {args.pairs} pairs, one at a time, {tokens} tokens of replies")
    print(f"  without guesses {plain:.1f} s, with {guessed:.1f} s, prompts and loading alone {prompts:.1f} s")
    print(f"  ratio: whole run {plain / guessed:.2f}, replies alone {(plain - prompts) / (guessed - prompts):.2f} "
          f"({tokens / (plain - prompts):.1f} and {tokens / (guessed - prompts):.1f} tokens/s); same bytes: {text == guessed_text}")
    return 0 if text == guessed_text else 1


if __name__ == "__main__":
    sys.exit(main())
