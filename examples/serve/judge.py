#!/usr/bin/env python3
"""Asks a judging server (rm-judge --serve :8080) about a pair, many pairs, and one pair word by word. Standard library only.

Usage: judge.py [http://127.0.0.1:8080]. With RM_SERVE_TOKEN set it sends the token.
"""
import json
import os
import sys
import urllib.request

PAIR = {"question": "What is 2+2?", "answer_a": "It is 4, that is right.", "answer_b": "It is 5, that is wrong."}


def post(url, body, accept="application/json", kind="application/json"):
    headers = {"Content-Type": kind, "Accept": accept}
    if token := os.environ.get("RM_SERVE_TOKEN"):
        headers["Authorization"] = "Bearer " + token
    return urllib.request.urlopen(urllib.request.Request(url, body.encode(), headers), timeout=600)


def judge(base, record, **options):
    """The record with `judgment` and `rewards`. Options: both_orders, samples, rate, seed, budget."""
    with post(base + "/v1/judge", json.dumps({"record": record, "options": options})) as r:
        return json.load(r)


def judge_many(base, records):
    """Yields the records as they are judged, in order."""
    lines = "".join(json.dumps(r) + "\n" for r in records)
    with post(base + "/v1/judge", lines, kind="application/x-ndjson") as r:
        for line in r:
            if line.strip():
                yield json.loads(line)


def watch(base, record):
    """Yields (event, data) while the judge writes: start, text, rubric, judgment, error, done."""
    with post(base + "/v1/judge", json.dumps(record), accept="text/event-stream") as r:
        event = None
        for line in r:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "event":
                event = value
            elif name == "data":
                yield event, json.loads(value)


def main():
    base = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080").rstrip("/")
    one = judge(base, PAIR, both_orders=True)
    print("verdict:", one["judgment"]["verdict"], "rewards:", one["rewards"])
    for record in judge_many(base, [PAIR, {"question": "no answers"}]):
        print("line:", record.get("rewards") or record["error"]["code"])
    for event, data in watch(base, PAIR):
        if event == "text":
            print(data["text"], end="", flush=True)
    print()


if __name__ == "__main__":
    main()
