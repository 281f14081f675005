"""Whether our engine says what llama.cpp says: the same tokens, teacher-forced, and the same free-running verdicts.

  agreement.py TRACES BUILD [--dtype auto] [--threads N] [--free] [--only N]

TRACES is the folder of goldens/llama_traces.py; BUILD holds bin/token-probe and bin/rm-judge. Forced: every token of
llama.cpp's own greedy traces is given to our engine, which says what it would have written there, and how likely A and B are
at the letter of the verdict (of [[A/B]] too, which is no verdict but the same place). With --free, rm-judge judges the same
pairs on its own. Both use the model of the traces. Ends with 1 where the forced figures miss their marks: top-1 agreement >= 97 %, median difference of
log P(A) - log P(B) <= 0.2. Free-running figures have no mark.
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import llama

AGREEMENT, DIFFERENCE = 0.97, 0.2


def wilson(right, n, z=1.959963984540054):
    """E. B. Wilson, JASA 22 (1927): the score interval of a share."""
    if n == 0:
        return 0.0, 1.0
    p, zz = right / n, z * z
    half = z * math.sqrt(p * (1 - p) / n + zz / (4 * n * n))
    return max(0.0, (p + zz / (2 * n) - half) / (1 + zz / n)), min(1.0, (p + zz / (2 * n) + half) / (1 + zz / n))


def share(name, right, n):
    low, high = wilson(right, n)
    percent = 100 * right / n if n else math.nan
    print(f"{name:<44} {right:>6} of {n:<6} {percent:6.2f} %   95 % interval {100 * low:.1f} to {100 * high:.1f}")


def probe(a, requests):
    command = [str(a.build / "bin" / "token-probe"), "--model", str(a.model), "--dtype", a.dtype]
    if a.threads:
        command += ["--threads", str(a.threads)]
    text = "".join(json.dumps(r) + "\n" for r in requests)
    out = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True).stdout
    replies = [json.loads(line) for line in out.splitlines()]
    for request, reply in zip(requests, replies, strict=True):
        if "error" in reply:
            sys.exit(f"token-probe: {request['id']}: {reply['error']['message']}")
    return replies


def forced(a, traces):
    requests = [{"id": t["id"], "prompt": t["prompt"], "forced": t["tokens"], "watch": t.get("watch", [])} for t in traces]
    start = time.time()
    replies = probe(a, requests)
    seconds = time.time() - start
    same, total, letters = 0, 0, []
    for t, r in zip(traces, replies):
        assert r["tokens"] == t["tokens"], "the engine did not keep to the forced tokens"
        same += sum(x == y for x, y in zip(r["argmax"], t["tokens"]))
        total += len(t["tokens"])
        if "watch" in t:
            ours = r["watched"][t["verdict_at"]]
            letters.append((ours[0] - ours[1]) - (t["logprob_a"] - t["logprob_b"]))
    print(f"teacher-forced on {len(traces)} traces of llama.cpp, {sum(len(t['prompt']) for t in traces)} + {total} tokens, "
          f"{seconds:.0f} s")
    share("top-1 agreement", same, total)
    good = total > 0 and same / total >= AGREEMENT
    if letters:
        apart = [abs(x) for x in letters]
        print(f"{'log P(A) - log P(B) at the verdict':<44} {len(letters):>6} letters    |ours - llama.cpp's| median "
              f"{statistics.median(apart):.3f}, mean {statistics.fmean(apart):.3f}, most {max(apart):.3f}; mean signed "
              f"{statistics.fmean(letters):+.3f}")
        good &= statistics.median(apart) <= DIFFERENCE
    return good and bool(letters)


def free(a, traces):
    pairs = {p["id"]: p for p in llama.pairs(a.pairs)}
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "pairs.jsonl"
        path.write_text("".join(json.dumps(pairs[t["id"]]) + "\n" for t in traces))
        command = [str(a.build / "bin" / "rm-judge"), "-i", str(path), "-m", str(a.model), "--form", "cor", "--dtype", a.dtype,
                   "--prompt", str(llama.shared() / "upstream-prompts.json"), "--max-tokens", str(a.max_tokens)]
        if a.threads:
            command += ["--threads", str(a.threads)]
        out = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout
    judged = [json.loads(line)["judgment"] for line in out.splitlines()]
    assert len(judged) == len(traces)
    print(f"free-running, greedy, at most {a.max_tokens} tokens")
    share("same verdict (or both none)", sum(j["verdict"] == t["verdict"] for j, t in zip(judged, traces)), len(traces))
    share("verdicts read, ours", sum(j["verdict"] is not None for j in judged), len(judged))
    share("verdicts read, llama.cpp", sum(t["verdict"] in ("A", "B") for t in traces), len(traces))
    share("right, ours", sum(j["correct"] is True for j in judged), len(judged))
    share("right, llama.cpp", sum(t["verdict"] == t["winner"].upper() for t in traces), len(traces))
    share("the same text", sum(j["samples"][0]["text"] == t["text"] for j, t in zip(judged, traces)), len(traces))


def main():
    args = argparse.ArgumentParser()
    args.add_argument("traces", type=pathlib.Path)
    args.add_argument("build", type=pathlib.Path)
    args.add_argument("--model", type=pathlib.Path, default=llama.DEFAULT_MODEL)
    args.add_argument("--dtype", default="auto")
    args.add_argument("--threads", type=int, default=0)
    args.add_argument("--pairs", type=int, default=20)
    args.add_argument("--only", type=int, help="the first N traces")
    args.add_argument("--max-tokens", type=int, default=700)
    args.add_argument("--free", action="store_true")
    a = args.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    traces = [json.loads(line) for line in open(a.traces / "traces.jsonl")][:a.only]
    print(f"model {a.model.name}, dtype {a.dtype}, threads {a.threads or os.cpu_count()}, published prompt, {a.traces}/traces.jsonl")
    good = forced(a, traces)
    if a.free:
        free(a, traces)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
