#!/usr/bin/env python3
"""A judging server as verl's reward: a custom reward function, to be named in the configuration,

  rm-judge --serve :8080 -m MODEL
  python -m verl.trainer.main_ppo ... reward.custom_reward_function.path=verl.py reward.custom_reward_function.name=compute_score

Its arguments are those of verl-project/verl, docs/advance/reward_loop.rst; verl runs many at a time, and the server judges
them together. The question is taken from extra_info["question"]. With a ground truth the answer is compared with it in both
orders, else it is rated from 1 to 10.

verl's discriminative reward (reward_loop.py, compute_score_disrm) needs no function: the server also answers /classify and
/v1/embeddings in the shapes that vLLM and SGLang have there. RM_JUDGE_URL names the server.
Usage to try it: verl.py [http://127.0.0.1:8080]
"""
import asyncio
import json
import os
import sys
import urllib.request


def ask(path, body):
    base = os.environ.get("RM_JUDGE_URL", "http://127.0.0.1:8080").rstrip("/")
    request = urllib.request.Request(base + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as r:
        return json.load(r)


async def compute_score(data_source, solution_str, ground_truth, extra_info=None, **unused):
    record = {"prompt": (extra_info or {})["question"]}
    if ground_truth:
        record |= {"response_a": solution_str, "response_b": str(ground_truth)}
        options = {"both_orders": True}
    else:
        record |= {"response": solution_str}
        options = {"rate": "1-10"}
    judged = await asyncio.to_thread(ask, "/v1/judge", {"record": record, "options": options})
    reward = judged["rewards"][0]
    return {"score": 0.5 if reward is None else reward, "judge_unparsed": float(reward is None)}


def classify(conversation):
    """What verl's own client reads of /classify; `conversation` is rendered by a chat template."""
    return ask("/classify", {"model": "judge", "input": conversation, "use_activation": False})["data"][-1]["probs"][-1]


def main():
    if len(sys.argv) > 1:
        os.environ["RM_JUDGE_URL"] = sys.argv[1]
    info = {"question": "What is 2+2?"}
    print("compared:", asyncio.run(compute_score("demo", "It is 4, right.", "5, wrong", info)))
    print("rated:   ", asyncio.run(compute_score("demo", "It is 4.", None, info)))
    print("classify:", classify("<|im_start|>user\nWhat is 2+2?<|im_end|>\n<|im_start|>assistant\nIt is 4.<|im_end|>\n"))


if __name__ == "__main__":
    main()
