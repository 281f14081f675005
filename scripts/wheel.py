"""Downloads wheels with pip and nothing else: no code of a package runs, nothing is installed.

Used by deps.py and model.py. Standard library only; Python 3.9 or later.
"""
import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
GLIBC = [28, 27, 26, 25, 24, 17, 12, 5]
TAGS = [f"manylinux_2_{n}_x86_64" for n in GLIBC] + ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"]
TARGET = ["--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--abi", "none"]
TARGET += [word for tag in TAGS for word in ("--platform", tag)]


stopping = threading.Event()  # set by a caller that was interrupted: no further attempts


def die(message):
    print(f"{pathlib.Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    sys.exit(1)


def pins():
    """The lines of requirements.txt as {name: line}."""
    out = {}
    for line in (HERE / "requirements.txt").read_text().splitlines():
        found = re.match(r"([A-Za-z0-9._-]+)==", line)
        if found:
            out[found.group(1)] = line
    return out


def download(requirement, folder, show=False):
    """Fetches the wheel of one requirement line into `folder` and returns its path. A line with --hash is checked by pip.

    Tries three times; then raises RuntimeError with pip's last words.
    """
    folder = pathlib.Path(folder)
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-deps", "--no-cache-dir", *TARGET]
    with tempfile.TemporaryDirectory(dir=folder, prefix=".pip-") as scratch:
        wanted = pathlib.Path(scratch, "wanted.txt")
        wanted.write_text(requirement + "\n")
        command += ["-d", scratch, "-r", str(wanted)] + (["--require-hashes"] if "--hash" in requirement else [])
        env = dict(os.environ, TMPDIR=scratch)
        for attempt in range(3):
            if stopping.is_set():
                raise RuntimeError("stopped")
            loud = show and sys.stderr.isatty()
            done = subprocess.run(command if loud else command + ["-q"], env=env, stdout=None if loud else subprocess.PIPE,
                                  stderr=subprocess.STDOUT if not loud else None, text=True)
            wheels = list(pathlib.Path(scratch).glob("*.whl"))
            if done.returncode == 0 and len(wheels) == 1:
                target = folder / wheels[0].name
                os.replace(wheels[0], target)
                return target
            if stopping.wait(2 * attempt + 1):
                break
        raise RuntimeError(f"cannot fetch {requirement.split()[0]}: {(done.stdout or '').strip()[-400:] or 'see above'}")


class Lock:
    """One fetcher at a time in a folder; freed by the kernel when its holder dies."""

    def __init__(self, folder):
        self.file = open(pathlib.Path(folder) / ".lock", "w")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another run that fetches into {folder}", file=sys.stderr)
            fcntl.flock(self.file, fcntl.LOCK_EX)


def sweep(folder):
    """Removes what an interrupted run left in `folder` (call it with the lock held)."""
    for left in list(pathlib.Path(folder).glob(".pip-*")) + list(pathlib.Path(folder).glob(".new-*")):
        shutil.rmtree(left, ignore_errors=True)
