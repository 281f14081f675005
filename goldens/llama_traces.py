"""Greedy judgments by llama.cpp of pairs from RM-Bench with the published prompt, as token ids with log-probabilities.

  llama_traces.py FOLDER [--pairs 20] [--max-tokens 700] [--threads 2] [--model GGUF]

Writes FOLDER/traces.jsonl: {id, winner, prompt: [ids], tokens: [ids], text, finish, verdict, verdict_at, watch: [id, id],
logprob_a, logprob_b}. verdict_at is the place in `tokens` of the letter that decides (goldens/verdict.py, strict); where there
is none, of the letter that follows the last <answer>[[, as in [[A/B]], which small models like to copy. watch holds the tokens
that would have written A and B there. Lines already in the file are kept, so an interrupted run goes on. The
folder holds others' texts and stays out of the repository; bench/agreement.py reads it.
"""

import argparse
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import llama  # noqa: E402
import verdict as rules  # noqa: E402

PROBABILITIES = 40  # likeliest tokens asked for at each place


def letter_place(steps, text):
    """The step that wrote the verdict's letter, the verdict, and the letter's offset inside that step's bytes."""
    found, at = rules.strict(text)
    if at is None:
        found, starts = None, [m.end() for m in re.finditer(r"<answer>\[\[(?=[AB])", text)]
        if not starts:
            return None, None, None
        at = starts[-1]
    byte, end = len(text[:at].encode()), 0
    for i, step in enumerate(steps):
        begin, end = end, end + len(step["bytes"])
        if begin <= byte < end:
            return i, found, byte - begin
    raise AssertionError("the tokens' bytes do not spell the text")


def twins(step, offset):
    """{letter: (id, logprob)} of the tokens that differ from this one only in the letter."""
    out = {}
    for letter in b"AB":
        want = list(step["bytes"])
        want[offset] = letter
        for other in [step, *step["top_logprobs"]]:
            if other["bytes"] == want:
                out[chr(letter)] = other["id"], other["logprob"]
    return out


def judge(server, pair, max_tokens):
    prompt = server.post("/apply-template", {"messages": llama.published_messages(pair)})["prompt"]
    ids = server.post("/tokenize", {"content": prompt, "add_special": True, "parse_special": True})["tokens"]
    reply = server.post("/completion", {"prompt": ids, "n_predict": max_tokens, "temperature": 0, "n_probs": PROBABILITIES,
                                        "return_tokens": True, "cache_prompt": True})
    steps = reply["completion_probabilities"]
    out = {"id": pair["id"], "winner": pair["winner"], "prompt": ids, "tokens": [s["id"] for s in steps], "text": reply["content"],
           "finish": reply["stop_type"], "verdict": None, "verdict_at": None}
    if reply["tokens"][:len(out["tokens"])] != out["tokens"]:
        raise SystemExit(f"{pair['id']}: the server's tokens and probabilities do not belong together")
    place, letter, offset = letter_place(steps, reply["content"])
    if place is not None:
        pair_of = twins(steps[place], offset)
        out.update(verdict=letter, verdict_at=place)
        if len(pair_of) == 2:
            out.update(watch=[pair_of["A"][0], pair_of["B"][0]], logprob_a=pair_of["A"][1], logprob_b=pair_of["B"][1])
    return out


def main():
    args = argparse.ArgumentParser()
    args.add_argument("folder", type=pathlib.Path)
    args.add_argument("--pairs", type=int, default=20)
    args.add_argument("--max-tokens", type=int, default=700)
    args.add_argument("--threads", type=int, default=2)
    args.add_argument("--model", type=pathlib.Path, default=llama.DEFAULT_MODEL)
    a = args.parse_args()
    a.folder.mkdir(parents=True, exist_ok=True)
    path = a.folder / "traces.jsonl"
    done = {json.loads(line)["id"] for line in open(path)} if path.exists() else set()
    with llama.Server(a.model, 1, 8192, a.threads) as server, open(path, "a") as f:
        for pair in llama.pairs(a.pairs):
            if pair["id"] in done:
                continue
            out = judge(server, pair, a.max_tokens)
            f.write(json.dumps(out) + "\n")
            f.flush()
            print(f"{out['id']}: {len(out['prompt'])} + {len(out['tokens'])} tokens, {out['finish']}, verdict {out['verdict']}", file=sys.stderr)


if __name__ == "__main__":
    main()
