#!/usr/bin/env python3
"""Whether a small judge learns by reinforcement: the experiment behind `make learn`.

    python3 examples/gym/learn.py BUILD [--seeds 1,2,3] [--work DIR] [--model GGUF] [--steps N] [--results FILE] [--only STAGE,...]

For each seed, in DIR/seed-N: pairs; chains of the teacher for a few of them; `sft`, the base trained on the chains until its loss on chains
of other templates stands still; then from that same model `rl`, by rm-rl on labelled pairs that have no chains, and `more`, by rm-distill
train on the chains for as long as the steps of `rl` took. All of them and the base judge the held-out pairs, whose templates, names and
words nobody trained on, in both orders; the base also with a prompt that asks for a letter, by P(A) against P(B). rm-eval compares rl with
more by McNemar's exact test over the pairs, each of them right only where both orders are.

What is there already is not done again, so the same command goes on where it was stopped. The table goes to standard output, all figures
to --results (DIR/results.json). The settings below were chosen on tune.jsonl, whose templates are neither trained on nor held out.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROMPT = os.path.join(HERE, "prompt.json")
MODEL = os.path.join(os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share"), "rm-r1/models/smollm2-135m-instruct-q4_1.gguf")

PAIRS = {"sft": 32, "rl": 1280, "tune": 192, "held": 640}
VALIDATED = 64  # chains of tune.jsonl on which training is validated
SFT = {"epochs": 8, "flags": "--batch-size 8 --lr 3e-4".split()}
RL = {"steps": 45, "flags": ("--batch-size 16 --mini-batch-size 16 --micro-batch-size 4 --rollouts 8 --lora-rank 16 --merge --lr 3e-4 --kl 0 "
                             "--max-tokens 40").split()}
JUDGE = ["--prompt", PROMPT, "--max-tokens", "48", "--both-orders", "--quiet"]
ASKED = ["--prompt", os.path.join(HERE, "prompt-base.json"), "--max-tokens", "16", "--both-orders", "--logprobs", "--quiet"]
MODELS = ("base", "sft", "more", "rl")
STAGES = ("pairs", "chains", "sft", "rl", "more", "judge")


class Seed:
    """One seed's folder and its stages. Each leaves its result under a name that is there only when it is whole."""

    def __init__(self, args, seed):
        self.args, self.seed, self.dir = args, seed, os.path.join(args.work, f"seed-{seed}")
        os.makedirs(self.dir, exist_ok=True)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def tool(self, name, *flags, **more):
        return subprocess.run([os.path.join(self.args.build, "bin", name), *map(str, flags)], check=True, **more)

    def timed(self, name, done, work):
        """Runs `work` unless `done` is there; the seconds of all its runs are kept beside it."""
        if os.path.exists(done):
            return
        print(f"seed {self.seed}: {name}", file=sys.stderr, flush=True)
        start = time.monotonic()
        try:
            work()
        finally:
            times = self.times()
            times[name] = times.get(name, 0) + time.monotonic() - start
            with open(self.path("times.json"), "w") as f:
                json.dump(times, f)

    def times(self):
        return json.load(open(self.path("times.json"))) if os.path.exists(self.path("times.json")) else {}

    def pairs(self):
        counts = [x for name, count in PAIRS.items() for x in (f"--{name}", str(count))]
        make = [sys.executable, os.path.join(HERE, "make_pairs.py"), "--seed", str(self.seed), "--out", self.path("new"), "--check", *counts]

        def work():
            subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
            os.replace(self.path("new"), self.path("pairs"))
        self.timed("pairs", self.path("pairs"), work)

    def chains(self):
        for name in ("tune", "sft"):
            self.timed(f"chains of {name}", self.path(f"{name}-chains.jsonl"), lambda name=name: self.teach(name))

    def teach(self, name):
        pairs, mixed, asked, told, part = (self.path(x) for x in ("teach.jsonl", "mixed.jsonl", "requests.jsonl", "replies.jsonl", "part.jsonl"))
        with open(self.path(f"pairs/{name}.jsonl")) as f, open(pairs, "w") as out:
            out.writelines(f.readlines()[:VALIDATED if name == "tune" else None])
        self.tool("rm-distill", "mix", pairs, "-o", mixed, "--seed", self.seed, "--quiet")  # A and B by turns
        teach = ["teach", "-i", mixed, "--prompt", PROMPT, "--api-model", "rule", "--filter", "strict", "--quiet"]
        self.tool("rm-distill", *teach, "--emit-batch", asked)
        with open(told, "w") as f:
            subprocess.run([sys.executable, os.path.join(HERE, "teacher.py"), mixed, asked], check=True, stdout=f)
        self.tool("rm-distill", *teach, "--from-batch", told, "-o", part)
        os.replace(part, self.path(f"{name}-chains.jsonl"))

    def train(self, name, model, epochs, validate_every):
        out = self.path(name)
        self.timed(name, os.path.join(out, "model.safetensors"), lambda: self.tool(
            "rm-distill", "train", "-m", model, "-i", self.path("sft-chains.jsonl"), "-o", out, "--epochs", epochs, *SFT["flags"],
            "--seed", self.seed, "--val", self.path("tune-chains.jsonl"), "--val-every", self.steps_of_an_epoch() * validate_every,
            "--save-every", 50, "--keep", 1, "--resume"))
        self.tool("rm-distill", "plot", os.path.join(out, "metrics.jsonl"), "-o", self.path(f"{name}.svg"), "--quiet")

    def steps_of_an_epoch(self):
        batch = int(SFT["flags"][SFT["flags"].index("--batch-size") + 1])
        return math.ceil(PAIRS["sft"] / batch)

    def sft(self):
        self.train("sft", self.args.model, SFT["epochs"], 1)

    def rl(self):
        out = self.path("rl")
        self.timed("rl", os.path.join(out, "model.safetensors"), lambda: self.tool(
            "rm-rl", "-m", self.path("sft"), "-i", self.path("pairs/rl.jsonl"), "-o", out, "--prompt", PROMPT, *RL["flags"],
            "--steps", self.args.steps, "--seed", self.seed, "--save-every", 10, "--keep", 1, "--metrics", os.path.join(out, "metrics.jsonl"),
            "--resume"))
        self.tool("rm-rl", "plot", os.path.join(out, "metrics.jsonl"), "-o", self.path("rl.svg"))

    def more(self):
        """As many whole epochs as take no less time than rl's steps, at the rate of sft's; nothing is saved by a better guess."""
        epoch = self.seconds("sft") / SFT["epochs"]
        self.train("more", self.path("sft"), math.ceil(self.seconds("rl") / epoch), 10)

    def seconds(self, name):
        return sum(json.loads(line).get("seconds", 0) for line in open(self.path(name, "metrics.jsonl")))

    def judge(self):
        prepared = self.path("held.jsonl")
        self.timed("held-out", prepared, lambda: self.tool("rm-eval", "prepare", "pairs", self.path("pairs/held.jsonl"), "-o", prepared, "--quiet"))
        for name in MODELS:
            model = self.args.model if name == "base" else self.path(name)
            if name == "base" or os.path.exists(os.path.join(model, "model.safetensors")):
                self.judge_with(name, model, prepared)

    def judge_with(self, name, model, prepared):
        part, out = self.path(f"{name}.part.jsonl"), self.path(f"judged-{name}.jsonl")

        def work():
            self.tool("rm-judge", "-m", model, "-i", prepared, "-o", part, *JUDGE, "--resume")
            os.replace(part, out)

        def work_asked():
            self.tool("rm-judge", "-m", model, "-i", prepared, "-o", self.path("asked.jsonl"), *ASKED)
            self.tool("rm-judge", "-m", model, "--retry", "unparsed", "-i", self.path("asked.jsonl"), "-o", part, *ASKED)
            os.replace(part, self.path("judged-base-asked.jsonl"))
        self.timed(f"judge {name}", out, work)
        if name == "base":  # gives no verdicts with the short prompt: asked for a letter, closed by force, P(A) against P(B)
            self.timed("judge base-asked", self.path("judged-base-asked.jsonl"), work_asked)

    # Figures.

    def figures(self):
        result = {"seed": self.seed, "minutes": {k: v / 60 for k, v in self.times().items()}, "models": {}}
        for name in (*MODELS, "base-asked"):
            if os.path.exists(self.path(f"judged-{name}.jsonl")):
                result["models"][name] = self.of_model(name)
        for first in ("sft", "more"):
            files = [self.path(f"judged-{x}.jsonl") for x in (first, "rl")]
            if all(map(os.path.exists, files)):
                told = self.tool("rm-eval", "compare", "--json", *files, stdout=subprocess.PIPE).stdout
                result[f"rl against {first}"] = json.loads(told)["comparisons"][0]
        return result

    def of_model(self, name):
        file = self.path(f"judged-{name}.jsonl")
        score = json.loads(self.tool("rm-eval", "score", "--json", file, stdout=subprocess.PIPE).stdout)
        n = parsed = right = lean = 0
        for record in map(json.loads, open(file, encoding="utf-8")):
            p = 0.0  # of the chosen answer, over both orders
            for s in record["judgment"]["samples"]:
                n += 1
                parsed += s["verdict"] is not None
                right += s["verdict"] == ("A" if s["order"] == "ab" else "B")
                if s.get("p_a") is not None:
                    p += s["p_a"] - 0.5 if s["order"] == "ab" else 0.5 - s["p_a"]
            lean += p > 0
        figures = {"parsed": parsed / n, "right_of_parsed": right / parsed if parsed else None, "right_of_all": right / n,
                   "both_orders_right": score["overall"], "replies": n, "pairs": score["counts"]["records"]}
        if name == "base-asked":
            figures["right_by_p_over_both_orders"] = lean / score["counts"]["records"]
        return figures


def table(results):
    percent = lambda x: "     -" if x is None else f"{100 * x:6.1f}"
    rows = ["seed  model         parsed  right of parsed  right of all  right in both orders (95 %)    minutes"]
    for r in results:
        for name, m in r["models"].items():
            both = m["both_orders_right"]
            minutes = r["minutes"].get(name)
            rows.append(f"{r['seed']:4}  {name:12}  {percent(m['parsed'])}           {percent(m['right_of_parsed'])}        "
                        f"{percent(m['right_of_all'])}        {percent(both['value'])} ({percent(both['low']).strip()} to "
                        f"{percent(both['high']).strip()})    {'' if minutes is None else f'{minutes:8.1f}'}")
        for first in ("sft", "more"):
            c = r.get(f"rl against {first}")
            if c:
                rows.append(f"{r['seed']:4}  rl against {first}: {100 * c['difference']['value']:+.1f} ({100 * c['difference']['low']:+.1f} to "
                            f"{100 * c['difference']['high']:+.1f}), right in one alone {c['only_second']} and {c['only_first']}, "
                            f"McNemar's exact p {c['p']:.2g}")
    return "\n".join(rows)


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("build")
    a.add_argument("--seeds", default="1,2,3")
    a.add_argument("--work", default="learn")
    a.add_argument("--model", default=MODEL)
    a.add_argument("--steps", type=int, default=RL["steps"], help="steps of rm-rl")
    a.add_argument("--results", default=None)
    a.add_argument("--only", default=",".join(STAGES), help=f"stages, of {','.join(STAGES)}")
    a = a.parse_args()
    stages = a.only.split(",")
    if any(s not in STAGES and s != "none" for s in stages):
        a.error(f"--only {a.only}: expected some of {','.join(STAGES)}")
    results = []
    for n in a.seeds.split(","):
        seed = Seed(a, int(n))
        for stage in STAGES:
            if stage in stages:
                getattr(seed, stage)()
        results.append(seed.figures())
        with open(a.results or os.path.join(a.work, "results.json"), "w") as f:
            json.dump(results, f, indent=1)
        print(table(results[-1:]), flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as e:
        sys.exit(e.returncode if e.returncode > 0 else 128 - e.returncode)
