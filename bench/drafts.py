#!/usr/bin/env python3
"""What guessing ahead is worth: real pairs judged one after the other with --draft 0 and with the default. The outputs must be the
same byte for byte. Seconds are of the whole run, its loading and the computing of prompts included; those are stated apart,
as a run that writes a single token takes them too.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import judge_vs_llama
import llama


def run(args, pairs, out, tokens, *flags):
    command = [str(llama.ROOT / "build/bin/rm-judge"), "-m", args.model, "--prompt", str(llama.shared() / "upstream-prompts.json"),
               "--form", "cor", "-i", pairs, "-o", out, "--max-tokens", str(tokens), "--batch", "1", "--quiet", *flags]
    start = time.monotonic()
    status = subprocess.run(command).returncode
    if status not in (0, 1):
        raise SystemExit(f"rm-judge ended with {status}")
    return time.monotonic() - start


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--model", default=str(llama.DEFAULT_MODEL))
    p.add_argument("--pairs", type=int, default=12)
    p.add_argument("--max-tokens", type=int, default=512)
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pairs = os.path.join(folder, "pairs.jsonl")
        with open(pairs, "w") as f:
            f.writelines(json.dumps(r) + "\n" for r in llama.pairs(args.pairs))
        outs = [os.path.join(folder, name) for name in ("plain", "drafted", "prompts")]
        plain = run(args, pairs, outs[0], args.max_tokens, "--draft", "0")
        drafted = run(args, pairs, outs[1], args.max_tokens)
        prompts = run(args, pairs, outs[2], 1)
        texts = [open(o, "rb").read() for o in outs[:2]]
        tokens = sum(s["usage"]["completion_tokens"] for line in texts[0].splitlines() for s in json.loads(line)["judgment"]["samples"])
    print(f"machine: {judge_vs_llama.cpu()}; {args.pairs} pairs, one at a time, {tokens} tokens of replies")
    print(f"  without guesses {plain:.1f} s, with {drafted:.1f} s, prompts and loading alone {prompts:.1f} s")
    print(f"  ratio: whole run {plain / drafted:.2f}, replies alone {(plain - prompts) / (drafted - prompts):.2f} "
          f"({tokens / (plain - prompts):.1f} and {tokens / (drafted - prompts):.1f} tokens/s); same bytes: {texts[0] == texts[1]}")
    return 0 if texts[0] == texts[1] else 1


if __name__ == "__main__":
    sys.exit(main())
