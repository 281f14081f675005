#!/usr/bin/env python3
"""Answers a batch of requests by script. Usage: answer_batch.py REQUESTS RESULTS

Asked for a rubric, the reply is a rubric whose criteria tell what was shown: "#rubric=TEXT" in the question is the reply itself. Asked
for a verdict, the better answer is the one with the larger "#q=N"; where the judge reads a rubric that holds "#flip", the other one, and
"#only=A" in it makes the judge say A whatever the order. Each takes 10 prompt and 5 reply tokens.
"""
import json
import random
import re
import sys


def reply(messages):
    text = messages[-1]["content"]
    rubric = re.search(r"\[Rubric begins\]\n(.*)\n\[Rubric ends\]", text, re.S)
    if not rubric and "[Answer of chatbot A begins]" not in text or "You prepare" in messages[0]["content"]:
        wanted = re.search(r"#rubric=(.*)", text)
        shown = [w for w in ("[Better answer begins]", "[Worse answer begins]", "[Answer of chatbot A begins]") if w in text]
        return wanted[1].replace("\\n", "\n") if wanted else "<type>Chat</type><rubric>\n1. Shown %d (100%%): ok\n</rubric>" % len(shown)
    first, second = (int(n) for n in re.findall(r"#q=(\d+)", text)[-2:])
    letter = "A" if first > second else "B"
    if rubric and "#flip" in rubric[1]:
        letter = "AB"[letter == "A"]
    if rubric and "#only=A" in rubric[1]:
        letter = "A"
    return "no idea" if rubric and "#mute" in rubric[1] else f"<answer>[[{letter}]]</answer>"


out = []
for line in open(sys.argv[1]):
    request = json.loads(line)
    body = {"model": "scripted", "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": reply(request["body"]["messages"])}}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5}}
    out.append({"id": "batch_1", "custom_id": request["custom_id"], "response": {"status_code": 200, "body": body}, "error": None})
random.Random(1).shuffle(out)
with open(sys.argv[2], "w") as f:
    f.writelines(json.dumps(o) + "\n" for o in out)
