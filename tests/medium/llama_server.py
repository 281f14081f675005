#!/usr/bin/env python3
"""rm-judge against llama.cpp's real server: its verdicts, and a pool that loses one of its servers.

  llama_server.py BUILD [--pairs 12] [--kills 20]

Verdicts: the default model judges pairs of RM-Bench behind the server; every verdict is then looked at by our own engine on the
same GGUF, teacher-forced on the server's text: it must prefer the same letter at the verdict's place (places where the two
letters are within 0.2 of each other are named and do not count). Pool: two servers with SmolLM2-135M, one killed at a random
moment of the run; every record must come out judged, once, in order. Needs bench/peers.sh and the models; exits 77 without.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import llama  # noqa: E402

SMALL = llama.MODELS / "smollm2-135m-instruct-q4_1.gguf"
CLOSE = 0.2


def rm_judge(build, *args, **more):
    return subprocess.run([str(build / "bin/rm-judge"), *map(str, args)], text=True, capture_output=True, **more)


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def verdict_place(server, text):
    """Tokens of the text up to the deciding letter, and the tokens that would write A and B there."""
    at = text.rindex("<answer>[[") + len("<answer>[[")
    ids = {}
    for letter in "AB":
        spelled = text[:at] + letter + text[at + 1:]
        ids[letter] = server.post("/tokenize", {"content": spelled, "add_special": False, "parse_special": False})["tokens"]
    differ = [i for i, (a, b) in enumerate(zip(ids["A"], ids["B"])) if a != b]
    assert len(differ) == 1, "the letters are not one token each"
    i = differ[0]
    return ids["A"][:i], ids["A"][i], ids["B"][i]


def verdicts(build, count):
    prompts = llama.shared() / "upstream-prompts.json"
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch, "pairs.jsonl")
        path.write_text("".join(json.dumps(p) + "\n" for p in llama.pairs(count)))
        common = ["-i", path, "--form", "cor", "--prompt", prompts]
        with llama.Server(llama.DEFAULT_MODEL, 2, 4096, os.cpu_count()) as server:
            done = rm_judge(build, "-m", server.url + "/v1", "--max-tokens", 512, *common)
            assert done.returncode == 0, done.stderr
            judged = lines(done.stdout)
            assert [r["id"] for r in judged] == [p["id"] for p in llama.pairs(count)]
            shown = lines(rm_judge(build, "-m", llama.DEFAULT_MODEL, "--show-prompt", *common, check=True).stdout)
            requests = []
            for record, prompt in zip(judged, shown, strict=True):
                sample = record["judgment"]["samples"][0]
                assert sample["usage"]["prompt_tokens"] == prompt["tokens"], "the server rendered another prompt"
                if not sample["verdict"]:
                    continue
                before, a, b = verdict_place(server, sample["text"])
                requests.append({"id": [record["id"], sample["verdict"]], "prompt": prompt["ids"], "forced": [*before, a],
                                 "watch": [a, b]})
        out = subprocess.run([str(build / "bin/token-probe"), "--model", str(llama.DEFAULT_MODEL)], text=True, check=True,
                             input="".join(json.dumps(r) + "\n" for r in requests), stdout=subprocess.PIPE).stdout
    wrong = close = 0
    for reply in lines(out):
        a, b = reply["watched"][-1]
        (name, letter) = reply["id"]
        if abs(a - b) < CLOSE:
            close += 1
            print(f"  {name}: {a - b:+.3f}, too close to count")
        elif (a > b) != (letter == "A"):
            wrong += 1
            print(f"  {name}: the server says {letter}, we see {a - b:+.3f}")
    print(f"verdicts of {len(judged)} pairs by llama.cpp's server: {len(requests)} parsed, {wrong} differ, {close} too close")
    return wrong == 0 and len(requests) > 0


def pool(build, kills):
    pairs = [{"id": i, "question": f"What is {i} + {i + 7}?", "answer_a": str(2 * i + 7), "answer_b": str(2 * i + 6)}
             for i in range(12)]
    seed = int(os.environ.get("RM_TEST_SEED", time.time()))
    print(f"RM_TEST_SEED={seed}")
    rng = random.Random(seed)
    killed = 0
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch, "pairs.jsonl")
        path.write_text("".join(json.dumps(p) + "\n" for p in pairs))
        whole = None
        while killed < kills:
            with llama.Server(SMALL, 4, 2048, 1) as one, llama.Server(SMALL, 4, 2048, 1) as two:
                command = [str(build / "bin/rm-judge"), "-m", one.url + "/v1", "-m", two.url + "/v1", "-i", str(path),
                           "--max-tokens", "16", "--max-inflight", "8"]
                began = time.monotonic()
                run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                if whole is not None:
                    time.sleep(rng.uniform(0, whole * 0.8))
                    alive = run.poll() is None
                    rng.choice([one, two]).process.kill()
                    killed += alive
                out, err = run.communicate()
                whole = whole or time.monotonic() - began
            records = lines(out)
            assert run.returncode == 0, f"ended with {run.returncode}: {err}"
            assert [r["id"] for r in records] == list(range(len(pairs))), "records are missing, repeated or out of order"
            bad = [r["id"] for r in records if r["judgment"]["samples"][0]["reason"] == "error" or "error" in r]
            assert not bad, f"not judged: {bad}"
    print(f"pool of two servers, one killed at a random moment, {killed} times: {len(pairs)} records each, nothing lost")
    return True


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("build", type=pathlib.Path)
    args.add_argument("--pairs", type=int, default=12)
    args.add_argument("--kills", type=int, default=20)
    a = args.parse_args()
    for model in (SMALL, llama.DEFAULT_MODEL):
        if not model.exists():
            print(f"skipped: {model} is not there")
            sys.exit(77)
    good = pool(a.build, a.kills)
    good &= verdicts(a.build, a.pairs)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
