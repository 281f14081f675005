#!/usr/bin/env python3
"""Sends N requests through endpoint-probe to scripted servers that fail for a share of them: nothing may be lost, come twice,
or go to another's request. Prints what it counted; exits 1 where it is not so.

One server must not be asked again for what it has sent whole. Of several, one that fails five times in a row is given up and
what it had in hand is asked elsewhere, so at most what one server may hold is thrown away each time; that is only printed.

Usage: endpoint_proof.py PROBE [--requests 2000] [--fail 0.3] [--servers 1] [--stream]
"""
import argparse
import json
import pathlib
import subprocess
import sys
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from scripted_server import reply_text  # noqa: E402


def start(seed, fail):
    command = [sys.executable, str(pathlib.Path(__file__).resolve().parents[1] / "cli/scripted_server.py"),
               "--seed", str(seed), "--fail", str(fail)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return server, f"http://127.0.0.1:{int(server.stdout.readline())}"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("probe")
    p.add_argument("--requests", type=int, default=2000)
    p.add_argument("--fail", type=float, default=0.3)
    p.add_argument("--servers", type=int, default=1)
    p.add_argument("--stream", action="store_true")
    o = p.parse_args()
    asked = {i: [{"role": "system", "content": "Judge."}, {"role": "user", "content": f"question {i} é"}] for i in range(o.requests)}
    servers = [start(seed, o.fail) for seed in range(o.servers)]
    command = [o.probe, "--dead-after", "20"] + ["--stream"] * o.stream
    for _, url in servers:
        command += ["-m", url + "/v1"]
    lines = "".join(json.dumps({"id": i, "messages": m}) + "\n" for i, m in asked.items())
    run = subprocess.run(command, input=lines, text=True, capture_output=True)
    stats = [json.load(urllib.request.urlopen(url + "/stats")) for _, url in servers]
    for server, _ in servers:
        server.stdin.close()
        server.wait()
    replies = [json.loads(line) for line in run.stdout.splitlines()]
    ids = [r["id"] for r in replies]
    served = sum(sum(s["served"].values()) for s in stats)
    counts = {
        "exit": run.returncode,
        "lost": len(asked.keys() - set(ids)),
        "twice": len(ids) - len(set(ids)),
        "failed": sum("error" in r for r in replies),
        "another's": sum(r.get("text") != reply_text(asked[r["id"]]) for r in replies if "error" not in r),
    }
    thrown = served - sum("error" not in r for r in replies)
    print(run.stderr.strip())
    print(f"{len(replies)} replies of {sum(s['asked'] for s in stats)} attempts on {o.servers} servers; ",
          ", ".join(f"{k}: {v}" for k, v in counts.items()), f", completions thrown away: {thrown}", sep="")
    sys.exit(1 if any(counts.values()) or thrown < 0 or (o.servers == 1 and thrown > 0) else 0)


if __name__ == "__main__":
    main()
