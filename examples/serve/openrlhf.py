#!/usr/bin/env python3
"""A judging server as OpenRLHF's remote reward: no code is needed, only its address,

  rm-judge --serve :8080 -m MODEL
  python -m openrlhf.cli.train_ppo_ray ... --reward.remote_url http://127.0.0.1:8080/openrlhf

(older versions: --remote_rm_url). This script sends what the trainer sends and shows what comes back, to try a server out. The
shapes are those of OpenRLHF/OpenRLHF, openrlhf/utils/agent.py (SingleTurnAgentExecutor), and of the server there,
openrlhf/cli/serve_rm.py. In the address, ?both_orders=1 or ?rate=0-5 set how answers are judged.

Answers to one prompt in one request are ranked; an answer with a label is compared with it; one alone is rated.
Usage: openrlhf.py [http://127.0.0.1:8080]
"""
import json
import sys
import urllib.request

TURN = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"


def rewards(base, samples):
    """samples: (question, answer, label or None). Returns the reply: rewards and scores in [0, 1], and extra_logs."""
    prompts = [TURN.format(question) for question, _, _ in samples]
    body = {"query": [p + answer + "<|im_end|>" for p, (_, answer, _) in zip(prompts, samples)],
            "prompts": prompts, "labels": [label for _, _, label in samples]}
    request = urllib.request.Request(base + "/openrlhf", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=180) as r:  # the trainer's own time-out
        return json.load(r)


def main():
    base = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080").rstrip("/")
    print("ranked:  ", rewards(base, [("What is 2+2?", "5, wrong", None), ("What is 2+2?", "4, right", None)])["rewards"])
    print("compared:", rewards(base, [("What is 2+2?", "It is 4, right.", "5, wrong")])["rewards"])
    print("rated:   ", rewards(base, [("What is 2+2?", "It is 4.", None)]))


if __name__ == "__main__":
    main()
