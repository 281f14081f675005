#!/usr/bin/env python3
"""How many pairs a second the server answers over a scripted model, alone and beside clients that mean it ill.

Needs wrk (Debian). Prints one JSON line a run: requests/s, p50, p99, errors, the server's memory. The rude clients are slow heads,
slow bodies, huge bodies, endless chunks, noise, half-closed requests, streams that are left in the middle and idle connections, all
at once for as long as wrk runs. A benchmark, not a test. Usage: bench/serve.py SERVE_PROBE [--seconds 8] [--connections 64]
"""
import argparse
import json
import os
import random
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

PAIR = {"question": "What is 2+2? Please explain it to a child.", "answer_a": "It is 4, right: two apples and two apples.",
        "answer_b": "It is 5, wrong of course."}
HEAD = b"POST /v1/judge HTTP/1.1\r\nHost: localhost\r\n"


def dial(port):
    s = socket.create_connection(("127.0.0.1", port), timeout=30)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
    return s


def drip(s, data, until):
    for byte in data:
        if time.monotonic() > until:
            return
        s.sendall(bytes([byte]))
        time.sleep(0.5)


def slow_head(port, until):
    drip(dial(port), HEAD + b"X: " + b"y" * 1000, until)


def slow_body(port, until):
    s = dial(port)
    s.sendall(HEAD + b"Content-Length: 100000\r\n\r\n{")
    drip(s, b" " * 1000, until)


def slow_long_body(port, until):
    s = dial(port)
    s.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n{")
    drip(s, b" " * 1000, until)


def huge_body(port, until):
    s = dial(port)
    s.sendall(HEAD + b"Content-Length: 67108864\r\n\r\n")
    for _ in range(1024):
        s.sendall(b" " * 65536)
    s.recv(1000)


def too_huge(port, until):
    s = dial(port)
    s.sendall(HEAD + b"Content-Length: 9999999999\r\n\r\n")
    s.recv(1000)


def endless_chunks(port, until):
    s = dial(port)
    s.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while time.monotonic() < until:
        s.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def noise(port, until):
    s = dial(port)
    s.sendall(random.randbytes(3000))
    s.recv(1000)


def half_closed(port, until):
    s = dial(port)
    body = json.dumps(PAIR).encode()
    s.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    s.shutdown(socket.SHUT_WR)
    while s.recv(65536):
        pass


def cut_off(port, until):
    s = dial(port)
    s.sendall(HEAD + b"Content-Length: 500\r\n\r\n{\"question\"")
    s.shutdown(socket.SHUT_WR)
    s.recv(1000)


def leaving(port, until):
    s = dial(port)
    body = json.dumps(PAIR).encode()
    s.sendall(HEAD + b"Accept: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closing sends a reset


def idle(port, until):
    s = dial(port)
    time.sleep(max(0, until - time.monotonic()))
    s.close()


RUDE = [(slow_head, 60), (slow_body, 40), (slow_long_body, 40), (idle, 40), (huge_body, 2), (too_huge, 2), (endless_chunks, 2),
        (noise, 4), (half_closed, 4), (cut_off, 4), (leaving, 4)]


def torment(port, until, counts):
    def again(kind):
        while time.monotonic() < until:
            try:
                kind(port, until)
            except OSError:
                pass
            counts[kind.__name__] = counts.get(kind.__name__, 0) + 1
            time.sleep(0.02)

    threads = [threading.Thread(target=again, args=(kind,), daemon=True) for kind, n in RUDE for _ in range(n)]
    for t in threads:
        t.start()
    return threads


def wrk(url, seconds, connections):
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write("wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = %s\n" %
                     ("[==[" + json.dumps(PAIR) + "]==]"))
        script.flush()
        out = subprocess.run(["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s", "-s",
                              script.name, url + "v1/judge"], capture_output=True, text=True, check=True).stdout
    ms = {"us": 1e-3, "ms": 1, "s": 1e3}
    at = {p: float(v) * ms[u] for p, v, u in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", out)}
    errors = re.findall(r"(Socket errors.*|Non-2xx.*)", out)
    return {"requests_per_s": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), "p50_ms": at["50"], "p99_ms": at["99"],
            "errors": errors}


def memory(pid):
    status = open(f"/proc/{pid}/status").read()
    return {key: int(re.search(key + r":\s+(\d+)", status)[1]) for key in ("VmRSS", "VmHWM", "Threads")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("probe")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--connections", type=int, default=64)
    args = parser.parse_args()
    probe = subprocess.Popen([args.probe], stdout=subprocess.PIPE, text=True)
    url = probe.stdout.readline().strip()
    port = int(url.rsplit(":", 1)[1].strip("/"))
    for name in ("alone", "beside rude clients", "afterwards"):
        counts, threads = {}, []
        until = time.monotonic() + args.seconds + 1
        if name.startswith("beside"):
            threads = torment(port, until, counts)
            time.sleep(0.5)
        row = {"run": name, "connections": args.connections, "cpus": os.cpu_count(), **wrk(url, args.seconds, args.connections)}
        print(json.dumps({**row, "server_kib": memory(probe.pid), "rude": counts}), flush=True)
        for t in threads:
            t.join(15)
    probe.send_signal(signal.SIGTERM)
    print(json.dumps({"run": "end", "exit": probe.wait(30)}))


if __name__ == "__main__":
    main()
