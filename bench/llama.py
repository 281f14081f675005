"""Peers and pairs for the benchmarks: a llama.cpp server that is started and stopped here, and RM-Bench pairs.

The peer is built from the sdist llama-cpp-python==0.3.36 by bench/peers.sh; its programs are found there, its server also in
$RM_LLAMA_BIN. The pairs come from the folder of shared data ($RM_SHARED, else ../shared/data beside the repository).
"""
import concurrent.futures
import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("RM_CACHE") or
                     pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "rm-r1")
MODELS = pathlib.Path(os.environ.get("RM_TEST_MODELS") or
                      pathlib.Path(os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share") / "rm-r1/models")
DEFAULT_MODEL = MODELS / "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"


def shared() -> pathlib.Path:
    for p in [os.environ.get("RM_SHARED"), ROOT.parent / "shared" / "data"]:
        if p and pathlib.Path(p).is_dir():
            return pathlib.Path(p)
    raise SystemExit("no shared data: set RM_SHARED to the folder that holds rm-bench/ and upstream-prompts.json")


def pairs(n: int, style: int = 1) -> list[dict]:
    """n pairs in answer_a/answer_b form, taken in turn from chat, code and safety; the winner alternates a, b."""
    sets = [json.load(open(shared() / "rm-bench" / f"{name}.json")) for name in ("chat", "code", "safety-response")]
    out = []
    for i in range(n):
        item = sets[i % 3][(i // 3) * 7 % len(sets[i % 3])]
        texts = [item["chosen"][style], item["rejected"][style]]
        winner = "ab"[i % 2]
        a, b = texts if winner == "a" else texts[::-1]
        out.append({"id": f"{i}/{item['id']}", "question": item["prompt"], "answer_a": a, "answer_b": b, "winner": winner})
    return out


def published_messages(pair: dict) -> list[dict]:
    prompts = json.load(open(shared() / "upstream-prompts.json"))
    user = prompts["RM_R1_SINGLE_TURN_INSTRUCT_USER_PROMPT"]
    for slot, key in (("{question}", "question"), ("{answer_a}", "answer_a"), ("{answer_b}", "answer_b")):
        head, tail = user.split(slot)
        user = head + "\0" + key + "\0" + tail
    parts = user.split("\0")
    user = "".join(pair[p] if p in ("question", "answer_a", "answer_b") else p for p in parts)
    return [{"role": "system", "content": prompts["RM_R1_INSTRUCT_SYSTEM_PROMPT"]}, {"role": "user", "content": user}]


def peak_rss(pid: int) -> int:
    """Bytes, 0 when the process is gone."""
    try:
        for line in open(f"/proc/{pid}/status"):
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def tool(name: str) -> str:
    """A program of llama.cpp's."""
    found = next(CACHE.glob(f"peers/*/vendor/llama.cpp/build/bin/{name}"), None)
    if not found:
        raise SystemExit(f"no {name}: run bench/peers.sh")
    return str(found)


class Server:
    """llama-server on loopback; a context manager. `slots` sequences at once, `context` tokens for each."""

    def __init__(self, model, slots: int, context: int, threads: int, extra=()):
        binary = os.environ.get("RM_LLAMA_BIN") or tool("llama-server")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = [binary, "-m", str(model), "--host", "127.0.0.1", "--port", str(self.port), "-np", str(slots),
                        "-c", str(slots * context), "-t", str(threads), "-tb", str(threads), *extra]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                with urllib.request.urlopen(self.url + "/health", timeout=2) as r:
                    if r.status == 200:
                        return self
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit(f"llama-server ended with {self.process.returncode}: {' '.join(self.command)}")
                time.sleep(0.1)
        raise SystemExit("llama-server did not come up in a minute")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def post(self, path: str, body: dict, timeout: float = 3600) -> dict:
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=timeout) as r:
            return json.load(r)

    def judge(self, records: list[dict], max_tokens: int, workers: int, **sampling) -> list[dict]:
        """One greedy chat completion a record, `workers` at once; replies in record order."""
        def one(pair):
            body = {"messages": published_messages(pair), "max_tokens": max_tokens, "temperature": 0, "cache_prompt": True}
            return self.post("/v1/chat/completions", {**body, **sampling})
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            return list(pool.map(one, records))
