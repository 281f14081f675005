#!/usr/bin/env python3
"""Whether training teaches a small model to judge in form: 200 chains over real pairs, held-out loss and verdicts before and after.

    python bench/learns.py BUILD [--work DIR] [--chains 200] [--held-out 40] [--model GGUF] [--lora RANK] [more flags of train]

Pairs: the shortest of each prompt of RM-Bench and RMB ($RM_SHARED). The teacher is a script that knows the label and fills in the form
of a judgement: it teaches the form, not taste, and the share of right verdicts is not expected to rise. The chains go the way of real
ones: rm-distill teach --emit-batch, the script, teach --from-batch, train, plot. Leaves run.svg and metrics.jsonl in DIR/model.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import llama

SHARED = str(llama.shared())


def pairs_of(build, work, count):
    best = {}
    sources = [["rm-bench", *(f"{SHARED}/rm-bench/{n}.json" for n in ("chat", "code", "safety-response"))], ["rmb", f"{SHARED}/rmb"]]
    for i, source in enumerate(sources):
        subprocess.run([f"{build}/bin/rm-eval", "prepare", *source, "-o", f"{work}/{i}.jsonl"], check=True)
        for line in open(f"{work}/{i}.jsonl", encoding="utf-8"):
            r = json.loads(line)
            if not isinstance(r.get("chosen"), str) or not isinstance(r.get("rejected"), str) or not isinstance(r["prompt"], str):
                continue
            size = len(r["prompt"]) + len(r["chosen"]) + len(r["rejected"])
            if r["prompt"] not in best or size < best[r["prompt"]][0]:
                best[r["prompt"]] = (size, {"prompt": r["prompt"], "chosen": r["chosen"], "rejected": r["rejected"]})
    chosen = sorted(best.values(), key=lambda x: x[0])[:count]
    chosen.sort(key=lambda x: json.dumps(x[1], sort_keys=True)[::-1])  # no order by length or source
    if len(chosen) < count:
        sys.exit(f"{SHARED} has only {len(chosen)} prompts with pairs of plain text; {count} are needed")
    return [p for _, p in chosen]


def shown(text, letter):
    return re.search(rf"\[Answer of chatbot {letter} begins\]\n(.*?)\n\[Answer of chatbot {letter} ends\]", text, re.S)[1]


def first_words(text, n=14):
    return " ".join(text.split()[:n])


def judgement(question, a, b, winner):
    better, worse = ("A", "B") if winner == "A" else ("B", "A")
    return (f"<type>Chat</type>\n<rubric>\n1. Correctness (50%): what is said must be true and answer the question\n"
            f"2. Completeness (30%): nothing that was asked for is missing\n3. Clarity (20%): it is easy to read\n"
            f"<justify>The client asks \"{first_words(question)}\"; a wrong or partial answer would not help.</justify>\n</rubric>\n"
            f"<eval>\nAnswer A begins <quote_A>{first_words(a)}</quote_A> and has {len(a.split())} words. "
            f"Answer B begins <quote_B>{first_words(b)}</quote_B> and has {len(b.split())} words.\n"
            f"Answer {better} serves the client better on correctness; answer {worse} falls behind.\n</eval>\n"
            f"<answer>[[{winner}]]</answer>")


def teach(build, work, pairs):
    by_answer = {p["chosen"]: p for p in pairs}
    with open(f"{work}/pairs.jsonl", "w") as f:
        f.writelines(json.dumps(p) + "\n" for p in pairs)
    tool = [f"{build}/bin/rm-distill", "teach", "-i", f"{work}/pairs.jsonl", "--api-model", "script"]
    subprocess.run([*tool, "--emit-batch", f"{work}/requests.jsonl"], check=True)
    with open(f"{work}/results.jsonl", "w") as out:
        for line in open(f"{work}/requests.jsonl"):
            r = json.loads(line)
            text = r["body"]["messages"][-1]["content"]
            a, b = shown(text, "A"), shown(text, "B")
            winner = "A" if a in by_answer and by_answer[a]["rejected"] == b else "B"
            question = text.split("\n", 1)[1].split("\n[Answer of chatbot A begins]")[0].strip()
            reply = {"message": {"role": "assistant", "content": judgement(question, a, b, winner)}, "finish_reason": "stop", "index": 0}
            body = {"id": "x", "model": "script", "choices": [reply], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
            out.write(json.dumps({"id": "b", "custom_id": r["custom_id"], "response": {"status_code": 200, "body": body},
                                  "error": None}) + "\n")
    subprocess.run([*tool, "--from-batch", f"{work}/results.jsonl", "-o", f"{work}/chains.jsonl"], check=True)


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("build")
    a.add_argument("--work", default=None)
    a.add_argument("--chains", type=int, default=200)
    a.add_argument("--held-out", type=int, default=40)
    a.add_argument("--model", default=os.path.expanduser("~/.local/share/rm-r1/models/smollm2-135m-instruct-q4_1.gguf"))
    a.add_argument("--lora", type=int, default=0)
    a, more = a.parse_known_args()
    work = a.work or tempfile.mkdtemp(prefix="learns-")
    os.makedirs(work, exist_ok=True)
    teach(a.build, work, pairs_of(a.build, work, a.chains + a.held_out))
    lines = open(f"{work}/chains.jsonl").readlines()
    open(f"{work}/learn.jsonl", "w").writelines(lines[:a.chains])
    open(f"{work}/held.jsonl", "w").writelines(lines[a.chains:])
    how = ["--lora-rank", str(a.lora), "--lr", "1e-3"] if a.lora else ["--lr", "3e-4"]
    subprocess.run([f"{a.build}/bin/rm-distill", "train", "-m", a.model, "-i", f"{work}/learn.jsonl", "-o", f"{work}/model", *how,
                    "--batch-size", "8", "--val", f"{work}/held.jsonl", "--val-every", "5", "--val-generate", str(a.held_out),
                    "--summary", f"{work}/summary.json", "--save-every", "10", *more], check=True)
    subprocess.run([f"{a.build}/bin/rm-distill", "plot", f"{work}/model/metrics.jsonl", "-o", f"{work}/model/run.svg"], check=True)
    s = json.load(open(f"{work}/summary.json"))
    first, last = s["first_validation"], s["last_validation"]
    print(f"{os.path.basename(a.model)}: {s['steps']} steps, {s['tokens']} tokens; held-out loss {first['loss']:.3f} -> "
          f"{last['loss']:.3f}, verdicts in {first['parsed']:.0%} -> {last['parsed']:.0%}, right {first['verdict_accuracy']:.0%} -> "
          f"{last['verdict_accuracy']:.0%} of {a.held_out}; files in {work}")


if __name__ == "__main__":
    main()
