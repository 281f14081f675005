#!/usr/bin/env python3
"""Requests a second of rm-judge over a server that answers at once: 10,000 pairs, 64 in flight, and the memory it takes.

  endpoint.py BUILD [--pairs 10000] [--runs 3]

The server is tests/oracle/zero_server.cc (no thinking, replies of 2 kB); both run on this machine, so half of the work that is
measured is the server's.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

WORDS = "the sky is blue because short waves are scattered far more than long ones when sunlight passes the air".split()


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("build", type=pathlib.Path)
    args.add_argument("--pairs", type=int, default=10_000)
    args.add_argument("--runs", type=int, default=3)
    a = args.parse_args()
    server = subprocess.Popen([str(a.build / "bin/zero-server"), "2000"], stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline())
        with tempfile.TemporaryDirectory() as scratch:
            path = pathlib.Path(scratch, "pairs.jsonl")
            with open(path, "w") as f:
                for i in range(a.pairs):
                    text = " ".join(WORDS[(i + k) % len(WORDS)] for k in range(120))
                    f.write(json.dumps({"id": i, "question": f"Question {i}?", "answer_a": text, "answer_b": text[::-1]}) + "\n")
            rates, peak, cpu = [], 0, []
            for _ in range(a.runs):
                out = pathlib.Path(scratch, "judged.jsonl")
                out.unlink(missing_ok=True)
                began = time.perf_counter()
                run = subprocess.Popen([str(a.build / "bin/rm-judge"), "-m", f"http://127.0.0.1:{port}/v1", "--api-model", "zero",
                                        "-i", str(path), "-o", str(out), "--max-inflight", "64", "--quiet"])
                _, status, usage = os.wait4(run.pid, 0)
                seconds = time.perf_counter() - began
                if os.waitstatus_to_exitcode(status) != 0 or sum(1 for _ in open(out)) != a.pairs:
                    sys.exit("rm-judge failed or lost records")
                rates.append(a.pairs / seconds)
                cpu.append(usage.ru_utime + usage.ru_stime)
                peak = max(peak, usage.ru_maxrss * 1024)
    finally:
        server.terminate()
        server.wait()
    print(f"{a.pairs} pairs through a zero-latency server, 64 in flight: median {statistics.median(rates):,.0f} requests/s of {a.runs} "
          f"runs ({min(rates):,.0f} to {max(rates):,.0f}), {statistics.median(cpu):.2f} s of processor time, peak {peak / 2**20:.1f} MiB; "
          f"{os.cpu_count()} vCPU, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
