#!/usr/bin/env python3
"""Compares rendered conversations with jinja2 on the official chat templates, byte by byte.

The environment is the one transformers uses (sandboxed, trim_blocks, lstrip_blocks, raise_exception), with strftime_now
absent and present, and enable_thinking true, false and unset. Where a template fails, ours must return an error. Then
the families we do not support must be refused. Prints "N conversations, D differences"; any difference ends with 1.
With --write, tests/golden/text/chats.jsonl gets a sample.
"""
import datetime
import json
import random
import sys

import gguf
import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

import text_oracle as oracle

TEMPLATES = {
    "Qwen-Qwen2.5-7B-Instruct": "", "Qwen-QwQ-32B": "", "Qwen-Qwen3-0.6B": "",
    "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B": "<｜begin▁of▁sentence｜>",
    "deepseek-ai-DeepSeek-R1-Distill-Llama-8B": "<｜begin▁of▁sentence｜>",
    "meta-llama-Llama-3.1-8B-Instruct": "<|begin_of_text|>", "meta-llama-Llama-3.3-70B-Instruct": "<|begin_of_text|>",
}
GGUFS = {"smollm2-135m-instruct-q4_1": "<|im_start|>", "qwen2.5-coder-1.5b-instruct-q4_k_m": "",
         "qwen2.5-coder-0.5b-instruct-q4_k_m": ""}
REFUSED = ["HuggingFaceTB-SmolLM3-3B", "Mistral-Small-3.2-24B-Instruct-2506", "google-gemma-2-2b-it",
           "microsoft-Phi-3.5-mini-instruct", "mistralai-Mistral-Nemo-Instruct-2407"]


def environment(with_clock):
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    env.globals["raise_exception"] = raise_exception
    if with_clock:
        env.globals["strftime_now"] = lambda form: datetime.datetime.now().strftime(form)
    return env


THOUGHTS = ["<think>\nfirst, look\n</think>\n\nThen say", "<think>\n\n</think>\n\nshort", "</think>",
            "a</think>b</think>\n\nc",
            "<think>open only", "<think>x</think>", "\n<think>\n\n two\n\n</think>\n\n\n after \n",
            "no thoughts </think >",
            "<think>a<think>b</think>c", "</think>\n<think>d"]
EDGES = ["", " ", "\n", "\n\n", "\t", "\u00a0", "\u3000", "\x1f", "\u2028", "\u200b", "\r\n", "\x85"]


def content(rng):
    kind = rng.random()
    if kind < 0.1:
        return rng.choice(EDGES)
    if kind < 0.35:
        return rng.choice(EDGES) + rng.choice(THOUGHTS) + rng.choice(EDGES)
    if kind < 0.4:
        return "<tool_response>" + oracle.random_string(rng)[:50] + "</tool_response>"
    return rng.choice(EDGES) + oracle.random_string(rng)[:200] + rng.choice(EDGES)


def conversation(rng):
    kind = rng.random()
    if kind < 0.02:
        return []
    if kind < 0.3:  # anything after anything
        return [[rng.choice(["system", "user", "assistant"]), content(rng)] for _ in range(rng.randint(1, 8))]
    turns = [["system", content(rng)]] if rng.random() < 0.5 else []
    for i in range(rng.randint(1, 7)):
        turns.append([("user", "assistant")[i % 2], content(rng)])
    return turns


def expected(template, bos, row):
    extra = {"on": {"enable_thinking": True}, "off": {"enable_thinking": False}, "unset": {}}[row["thinking"]]
    try:
        return template.render(messages=[{"role": r, "content": c} for r, c in row["messages"]], bos_token=bos,
                               eos_token="", add_generation_prompt=row["generate"], **extra)
    except jinja2.exceptions.TemplateError:
        return None


def compare(name, text, bos, count=1000):
    rng = random.Random(name)
    rows = [{"template": text, "messages": conversation(rng), "generate": rng.random() < 0.5,
             "thinking": rng.choice(["on", "off", "unset"])} for _ in range(count)]
    answers = oracle.ask(["render", bos], rows)
    differences = refused = 0
    for with_clock in (False, True):
        template = environment(with_clock).from_string(text)
        for row, got in zip(rows, answers):
            want = expected(template, bos, row)
            refused += want is None
            if (want is None) != ("error" in got) or (want is not None and want != got["text"]):
                differences += 1
                if differences <= 3:
                    print(f"  {name}: {row['messages']} {row['generate']} {row['thinking']}\n"
                          f"    want {want!r}\n    got  {got}")
    families = {a["family"] for a in answers if "family" in a}
    print(f"{name} ({', '.join(sorted(families))}): {count} conversations with and without a clock "
          f"({refused // 2} refused by both), {differences} differences")
    return differences


def write_golden():
    """One conversation a line, with length and hash of what jinja2 makes of it for each template; null: it fails."""
    rng = random.Random("golden")
    templates = {n: environment(False).from_string((oracle.SHARED / "chat-templates" / f"{n}.jinja").read_text("utf-8"))
                 for n in TEMPLATES}
    with open(oracle.ROOT / "tests/golden/text/chats.jsonl", "w", encoding="utf-8") as out:
        for _ in range(120):
            row = {"messages": conversation(rng), "generate": rng.random() < 0.5,
                   "thinking": rng.choice(["on", "off", "unset"])}
            for name, template in templates.items():
                text = expected(template, TEMPLATES[name], row)
                row[name] = None if text is None else [len(text.encode()), oracle.fnv1a(text.encode())]
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def main():
    if "--write" in sys.argv:
        write_golden()
    differences = 0
    for name, bos in TEMPLATES.items():
        differences += compare(name, (oracle.SHARED / "chat-templates" / f"{name}.jinja").read_text("utf-8"), bos)
    for name, bos in GGUFS.items():
        path = oracle.MODELS / f"{name}.gguf"
        if not path.exists():
            print(f"{name}: skipped, the file is not here")
            continue
        differences += compare(name, gguf.GGUFReader(path).fields["tokenizer.chat_template"].contents(), bos)
    for name in REFUSED:
        text = (oracle.SHARED / "chat-templates" / f"{name}.jinja").read_text(encoding="utf-8")
        answer = oracle.ask(["render", ""], [{"template": text, "messages": [["user", "x"]], "generate": True}])[0]
        ok = answer.get("error") == "unknown_template"
        differences += not ok
        print(f"{name}: {'refused' if ok else 'NOT refused'}")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
