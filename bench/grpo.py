#!/usr/bin/env python3
"""GRPO steps beside TRL's GRPOTrainer: seconds a step and peak memory, one run after the other, as ratios. 1 where a goal is missed.

    python bench/grpo.py BUILD [--shape short|long] [--rounds 2] [--steps 2] [--dtype bf16] [--peer="--dtype f32 --rows 8"]
        [--natural] [--sweep] [-- more flags of rm-rl]

Both get one model folder (SmolLM2-135M out of its GGUF, f32), the same prompts, the same reward and the same lengths: the folder's end
token is one that never comes, so every rollout has all its tokens (--natural: replies end where they end). Every step has the same
prompts; the first step is left out. The goals are meant against the peer's fastest settings: --sweep measures them all and tells them,
and those of least memory, for --peer. Without it the peer runs in bf16 with 8 rows, a choice that no sweep stands behind yet. Prompts
are pairs of RM-Bench and RMB ($RM_SHARED) with a short prompt.
"""
import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import grpo_peer
import llama
from judge_vs_llama import cpu
from train import HERE
from train import run as child

# prompts, rollouts of each, about how many tokens a prompt has, tokens a rollout; the peer's settings
SHAPES = {"short": (8, 8, 100, 64, "--dtype bf16 --rows 8"), "long": (4, 8, 500, 128, "--dtype bf16 --rows 8")}
SWEEP = [f"--dtype {d} --rows {r}{k}" for d in ("f32", "bf16") for r in (8, 16, 32) for k in ("", " --keep")]
PARTS = {"generation": "seconds_rollout", "reward": "seconds_reward", "reference": "seconds_reference", "update": "seconds_learn"}
FASTER, SMALLER = 2.0, 1.0
PROMPT = {"system": "Two chatbots answered. Which answer is better? End with <answer>[[A]]</answer> or <answer>[[B]]</answer>.",
          "user": "{question}\n\nA: {answer_a}\n\nB: {answer_b}"}
CHAT = {"name": "never-stops", "default_system": "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
        **{role: [f"<|im_start|>{role}\n", "<|im_end|>\n"] for role in ("system", "user", "assistant")},
        "generation": "<|im_start|>assistant\n", "stop": [grpo_peer.RARE]}


def real_pairs(build, work):
    """One a question, as answer_a, answer_b and winner, so that both sides show them in one order."""
    found, base = {}, llama.shared()
    sources = [["rm-bench", *(f"{base}/rm-bench/{n}.json" for n in ("chat", "code", "safety-response"))], ["rmb", f"{base}/rmb"]]
    for i, source in enumerate(sources):
        subprocess.run([f"{build}/bin/rm-eval", "prepare", *source, "-o", f"{work}/source{i}.jsonl"], check=True)
        for line in open(f"{work}/source{i}.jsonl", encoding="utf-8"):
            r = json.loads(line)
            if all(isinstance(r.get(k), str) for k in ("prompt", "chosen", "rejected")):
                a, b, w = ((r["chosen"], r["rejected"], "a"), (r["rejected"], r["chosen"], "b"))[len(found) % 2]
                found.setdefault(r["prompt"], {"question": r["prompt"], "answer_a": a, "answer_b": b, "winner": w})
    return list(found.values())


def near(tool, work, pairs, count, tokens):
    """Writes pairs.jsonl and prompts.jsonl: `count` pairs whose rendered prompts are nearest to `tokens`, shortest first."""
    def size(p):
        return abs(len(p["question"]) + len(p["answer_a"]) + len(p["answer_b"]) - 4.2 * (tokens - 50))
    some = sorted(pairs, key=size)[:200]
    with open(f"{work}/some.jsonl", "w", encoding="utf-8") as f:
        f.writelines(json.dumps(p) + "\n" for p in some)
    shown = subprocess.run([*tool, "-i", f"{work}/some.jsonl", "--show-prompt"], check=True, stdout=subprocess.PIPE).stdout
    prompts = [json.loads(line) for line in shown.decode().splitlines()]
    best = sorted(sorted(prompts, key=lambda p: abs(p["tokens"] - tokens))[:count], key=lambda p: p["tokens"])
    with open(f"{work}/pairs.jsonl", "w", encoding="utf-8") as f:
        f.writelines(json.dumps(some[p["line"] - 1]) + "\n" for p in best)
    with open(f"{work}/prompts.jsonl", "w", encoding="utf-8") as f:
        f.writelines(json.dumps(p) + "\n" for p in best)
    return [p["tokens"] for p in best]


def ours(a, work, folder, chat, shape):
    count, rollouts, _, length, _ = shape
    out = tempfile.mkdtemp(dir=work)
    reward = shlex.join([sys.executable, f"{HERE}/grpo_reward.py"])
    command = [f"{a.build}/bin/rm-rl", "-m", folder, *chat, "-i", f"{work}/pairs.jsonl", "-o", f"{out}/model", "--prompt",
               f"{work}/prompt.json", "--form", "cor", "--batch-size", str(count), "--mini-batch-size", str(count), "--rollouts",
               str(rollouts), "--max-tokens", str(length), "--kl", "0.001", "--lr", "1e-6", "--loss-agg", "token-mean", "--epochs",
               str(a.steps + 1), "--steps", str(a.steps + 1), "--reward-cmd", reward, "--dtype", a.dtype, "--threads", str(a.threads),
               "--pass-tokens", str(a.pass_tokens), "--save-every", "0", "--quiet", *a.more]
    memory = child(command, f"{work}/ours.out")
    steps = [r for r in map(json.loads, open(f"{work}/ours.out")) if "seconds" in r]
    return [{"seconds": r["seconds"], "tokens": r["reply_tokens"], **{ours: r[theirs] for ours, theirs in PARTS.items()}}
            for r in steps[1:]], memory


def peer(a, work, folder, shape, settings):
    command = [sys.executable, f"{HERE}/grpo_peer.py", folder, f"{work}/prompts.jsonl", "--rollouts", str(shape[1]), "--max-tokens",
               str(shape[3]), "--steps", str(a.steps + 1), "--threads", str(a.threads), *shlex.split(settings)]
    memory = child(command, f"{work}/peer.out")
    return json.loads(open(f"{work}/peer.out").read().splitlines()[-1])["steps"][1:], memory


def mid(steps, key="seconds"):
    return statistics.median(s[key] for s in steps)


def show(name, steps, memory):
    parts = ", ".join(f"{p} {mid(steps, p):.1f}" for p in (*PARTS, "optimizer") if p in steps[0])
    if "cpu" in steps[0]:
        parts += f"; {statistics.median(s['cpu']['seconds'] for s in steps):.1f} s of the processor"
    print(f"  {name:34s} {mid(steps):7.2f} s a step ({min(s['seconds'] for s in steps):.1f}-{max(s['seconds'] for s in steps):.1f}), "
          f"{statistics.mean(s['tokens'] for s in steps):.0f} tokens, peak {memory:.2f} GiB{'; ' + parts if parts else ''}; load "
          f"{os.getloadavg()[0]:.1f}", flush=True)


def sweep(a, work, folder, shape):
    found = {}
    for settings in SWEEP:
        if shape[0] * shape[1] % int(settings.split("--rows ")[1].split()[0]) == 0:
            found[settings] = peer(a, work, folder, shape, settings)
            show(settings, *found[settings])
    print(f"  fastest: {min(found, key=lambda s: mid(found[s][0]))}; least memory: {min(found, key=lambda s: found[s][1])}")
    return True


def compare(a, work, folder, chat, shape):
    settings = a.peer or shape[4]
    got = {"rm-rl": [[], 0], f"TRL {settings}": [[], 0]}
    for _ in range(a.rounds):
        for name, (steps, memory) in got.items():
            new = ours(a, work, folder, chat, shape) if name == "rm-rl" else peer(a, work, folder, shape, settings)
            got[name] = [steps + new[0], max(memory, new[1])]
    for name, result in got.items():
        show(name, *result)
    (mine, my_memory), (theirs, their_memory) = got.values()
    faster, smaller = mid(theirs) / mid(mine), my_memory / their_memory
    print(f"  {faster:.2f}x as fast (goal {FASTER}), {smaller:.2f}x the memory (goal {SMALLER})", flush=True)
    return faster >= FASTER and smaller <= SMALLER


def main():
    more = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("build")
    a.add_argument("--model", default=str(llama.MODELS / "smollm2-135m-instruct-q4_1.gguf"))
    a.add_argument("--shape", choices=SHAPES)
    a.add_argument("--rounds", type=int, default=2)
    a.add_argument("--steps", type=int, default=2, help="measured, after one that is not")
    a.add_argument("--dtype", default="bf16", help="of rm-rl; the peer's is in its settings")
    a.add_argument("--pass-tokens", type=int, default=1024, help="of rm-rl, which else takes what memory is free")
    a.add_argument("--threads", type=int, default=os.cpu_count())
    a.add_argument("--peer", help="settings of bench/grpo_peer.py")
    a.add_argument("--natural", action="store_true")
    a.add_argument("--sweep", action="store_true", help="the peer alone, in all its settings")
    a = a.parse_args(sys.argv[1:more], argparse.Namespace(more=sys.argv[more + 1:]))
    try:
        llama.shared()
    except SystemExit as none:
        print(f"grpo: skipped, {none}")
        return 0
    print(f"{os.path.basename(a.model)}, rm-rl in {a.dtype} with passes of {a.pass_tokens} tokens, {cpu()}, {a.threads} threads")
    good = True
    with tempfile.TemporaryDirectory() as work:
        folder = f"{work}/base"
        subprocess.run([sys.executable, f"{HERE}/grpo_peer.py", "--folder", folder, a.model, *([] if a.natural else ["--never-stop"])],
                       check=True, stderr=subprocess.DEVNULL)
        json.dump(PROMPT, open(f"{work}/prompt.json", "w"))
        json.dump(CHAT, open(f"{work}/chat.json", "w"))
        chat = [] if a.natural else ["--chat", f"{work}/chat.json"]
        tool = [f"{a.build}/bin/rm-judge", "-m", folder, *chat, "--prompt", f"{work}/prompt.json", "--form", "cor"]
        pairs = real_pairs(a.build, work)
        for name, shape in SHAPES.items():
            if a.shape in (None, name):
                tokens = near(tool, work, pairs, shape[0], shape[2])
                print(f"{name}: {shape[0]} prompts of {min(tokens)} to {max(tokens)} tokens, {shape[1]} rollouts of each, "
                      f"{'at most ' if a.natural else ''}{shape[3]} tokens a rollout", flush=True)
                good = (sweep(a, work, folder, shape) if a.sweep else compare(a, work, folder, chat, shape)) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
