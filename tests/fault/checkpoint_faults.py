#!/usr/bin/env python3
"""Checkpoints under faults: whatever fails or whenever the process dies, a sound one is left and nothing is said to be well.

Usage: checkpoint_faults.py PART --shim FILE --probe FILE, with PART one of
  shim     the shim itself, by a program whose calls are known
  errors   every call of a save fails, one at a time (EIO, ENOSPC), is interrupted or falls short
  kills    SIGKILL at every call of a save that also removes an old checkpoint
  replace  the same where the step is there already, with and without a file system that can exchange names
  reading  every call of reading fails: the one before is taken, and it is said aloud
  limits   RLIMIT_FSIZE of every size
  disk     a disk that is full, where the system lets us mount a small one
  loop     kill_loop.py over a run of many saves
Scratch is made in memory (/dev/shm) where there is such a place. Prints what was counted; exits 1 where anything is wrong.
"""
import argparse
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import each_syscall  # noqa: E402

WRITING = each_syscall.KINDS
PATH = "checkpoints"  # the lock beside them is not what is tested


class Bench:
    """A folder with checkpoints of known steps, made anew for every run; what is wrong, gathered."""

    def __init__(self, o, scratch):
        self.shim, self.probe, self.scratch = o.shim, o.probe, pathlib.Path(scratch)
        self.run, self.fresh = self.scratch / "run", self.scratch / "fresh"
        self.bad, self.runs = [], 0

    def start(self, *steps):
        for step in steps:
            subprocess.run([self.probe, "save", self.fresh, str(step), "0"], check=True)

    def reset(self):
        shutil.rmtree(self.run, ignore_errors=True)
        shutil.copytree(self.fresh, self.run)

    def under(self, verb, *arguments, fault="", **more):
        self.runs += 1
        return each_syscall.run_with([self.probe, verb, self.run, *map(str, arguments)], self.shim, fault, PATH, **more)[0]

    def count(self, verb, *arguments, fault=""):
        self.reset()
        ran, counted = each_syscall.run_with([self.probe, verb, self.run, *map(str, arguments)], self.shim, fault, PATH)
        self.expect(ran.code == 0, f"{verb} without faults", ran)
        return {kind: seen for kind, (seen, _) in counted.items()}

    def newest(self):
        return subprocess.run([self.probe, "check", self.run], capture_output=True, text=True)

    def names(self):
        return sorted(p.name for p in (self.run / "checkpoints").iterdir())

    def expect(self, right, what, ran):
        if not right:
            text = getattr(ran, "err", None) or getattr(ran, "stderr", "")
            code = getattr(ran, "code", None) if hasattr(ran, "code") else ran.returncode
            self.bad.append(f"{what}: exit {code}: {text.strip()}")
        return right

    def holds(self, steps, what):
        """The newest sound one is one of these, its content its own, and none is passed over."""
        ran = self.newest()
        right = ran.returncode == 0 and ran.stdout.strip() in {str(s) for s in steps}
        self.expect(right, f"{what}: then newest is {ran.stdout.strip() or 'none'}, expected {steps}", ran)
        self.expect(not ran.stderr, f"{what}: then one is passed over", ran)

    def goes_on(self, step, what, *names):
        """A save after the fault succeeds and leaves exactly these."""
        ran = subprocess.run([self.probe, "save", self.run, str(step), "2"], capture_output=True, text=True)
        self.expect(ran.returncode == 0, f"{what}: then saving", ran)
        self.holds([step], f"{what}: after another save")
        self.expect(self.names() == sorted(names), f"{what}: left {self.names()}", ran)


def step_name(step):
    return f"step-{step:08d}"


# The C library's rename and Python's buffered files: every call known.
def shim(b):
    target = b.scratch / "watched"
    target.mkdir()
    code = ("import os\n"
            f"f = os.open({str(target / 'a')!r}, os.O_WRONLY | os.O_CREAT)\n"
            "n = os.write(f, b'0123456789'); os.fsync(f); os.fsync(f); os.close(f)\n"
            f"os.write(1, str(n).encode()); os.rename({str(target / 'a')!r}, {str(target / 'b')!r})\n"
            f"os.close(os.open({str(target)!r}, os.O_RDONLY))\n"
            f"os.chdir({str(target)!r}); os.unlink('b'); os.mkdir('c'); os.rmdir('c')\n")
    command = [sys.executable, "-c", code]
    ran, counted = each_syscall.calls(command, b.shim, str(target))
    expected = {"open": 1, "openr": 1, "write": 1, "fsync": 2, "close": 2, "rename": 1, "unlink": 2, "mkdir": 1, "any": 11}
    got = {kind: n for kind, n in counted.items() if n}
    b.expect(ran.code == 0 and got == expected, f"counted {got}, expected {expected}", ran)
    for fault, code_, out, injected in (("write:1:short", 0, "5", 1), ("write:2:ENOSPC", 0, "10", 0),
                                        ("fsync:2:EIO", 1, "", 1), ("fsync:1+:EINTR", None, "", None),
                                        ("rename:1:KILL", -9, "10", 1), ("mkdir:1:EROFS,unlink:1:EACCES", 1, "10", 1),
                                        ("any:11:EBADF", 1, "10", 1), ("openr:1:EMFILE", 1, "10", 1),
                                        ("write:1:torn", -9, "", 1), ("write:0:EIO", 97, "", 0), ("fork:1:EIO", 97, "", 0),
                                        ("write:1:EWHAT", 97, "", 0), ("fsync:1:short", 97, "", 0),
                                        ("read:1:torn", 97, "", 0), ("write:1", 97, "", 0)):
        if code_ is None:  # Python calls again for ever
            continue
        shutil.rmtree(target)
        target.mkdir()
        b.runs += 1
        if code_ == 97:
            env = dict(os.environ, LD_PRELOAD=b.shim, RM_FAULT=fault)
            ran = subprocess.run(["/bin/true"], env=env, capture_output=True, text=True)
            b.expect(ran.returncode == 97 and "RM_FAULT" in ran.stderr, fault, ran)
            continue
        ran, counted = each_syscall.run_with(command, b.shim, fault, str(target))
        b.expect((ran.code, ran.out, ran.injected) == (code_, out, injected), f"{fault}: {ran}", ran)
        if "torn" in fault:
            b.expect((target / "a").read_bytes() == b"01234", f"{fault}: left something else than half", ran)


def errors(b):
    b.start(1, 2)
    counted = b.count("save", 3)
    for kind in WRITING:
        for n in range(1, counted[kind] + 1):
            for what in ("EIO", "ENOSPC"):
                fault = f"{kind}:{n}:{what}"
                b.reset()
                ran = b.under("save", 3, fault=fault)
                b.expect(ran.injected == 1, f"{fault}: did not come", ran)
                # A folder that is only synced is closed unasked; room that cannot be reserved is no failure.
                silent = kind == "close" or (kind == "fallocate" and what == "EIO")
                b.expect(ran.code == 5 or (silent and ran.code == 0), f"{fault}: expected exit 5", ran)
                if ran.code == 5:
                    b.expect(str(b.run / PATH) in ran.err, f"{fault}: names no file", ran)
                b.holds([3] if ran.code == 0 else [2, 3], fault)
                b.goes_on(4, fault, step_name(4), step_name(3) if step_name(3) in b.names() else step_name(2))
    for fault in ("write:1+:short", "write:2:EINTR", "fsync:1:EINTR", "fsync:2:EINTR", "open:1:EINTR", "fallocate:1:EINTR"):
        b.reset()
        ran = b.under("save", 3, fault=fault)
        b.expect(ran.code == 0 and ran.injected > 0, fault, ran)
        b.holds([3], fault)


def kills(b):
    b.start(1, 2)
    counted = b.count("save", 3)["any"]
    for n in range(1, counted + 1):
        fault = f"any:{n}:KILL"
        b.reset()
        ran = b.under("save", 3, fault=fault)
        b.expect(ran.code == -9, f"{fault}: not killed", ran)
        b.holds([2, 3], fault)
        b.goes_on(4, fault, step_name(4), step_name(3) if step_name(3) in b.names() else step_name(2))


    # Synced before it is named: each file and its folder when the checkpoint gets its name, and the name itself before an old
    # one goes.
    files = len(list((b.fresh / PATH / step_name(2)).iterdir()))
    for renames, synced in ((files + 1, 2 * files), (files + 2, 2 * files + 1)):
        b.reset()
        b.runs += 1
        command = [b.probe, "save", b.run, "3"]
        ran, counted = each_syscall.run_with(command, b.shim, f"rename:{renames}:KILL", PATH)
        b.expect(ran.code == -9 and counted["fsync"][0] == synced, f"rename {renames}: {counted['fsync'][0]} syncs", ran)


def replace(b):
    b.start(1, 2)
    for also in ("", ",renameat2:1+:EINVAL"):
        counted = b.count("save", 2, fault=also.lstrip(","))["any"]
        for n in range(1, counted + 1):
            for what in ("KILL", "EIO"):
                fault = f"any:{n}:{what}{also}"
                b.reset()
                ran = b.under("save", 2, fault=fault)
                b.expect(ran.code in ((-9,) if what == "KILL" else (0, 5)), fault, ran)
                b.holds([2], fault)
                b.goes_on(3, fault, step_name(2), step_name(3))


def reading(b):
    b.start(1, 2)
    for kind in ("read", "pread"):
        counted = b.count("check")[kind]
        b.expect(counted > 0, f"{kind}: never called", b.newest())
        for n in range(1, counted + 1):
            b.reset()
            ran = b.under("check", fault=f"{kind}:{n}:EIO")
            # Faults while step 2 is verified: step 1 is taken. While it is loaded: an error, and no wrong content.
            passed = ran.code == 0 and ran.out.strip() == "1" and step_name(2) in ran.err and "passed over" in ran.err
            b.expect(passed or (ran.code == 5 and step_name(2) in ran.err), f"{kind}:{n}:EIO", ran)
        for fault in (f"{kind}:1+:short", f"{kind}:1:EINTR"):
            b.reset()
            ran = b.under("check", fault=fault)
            b.expect(ran.code == 0 and ran.out.strip() == "2" and not ran.err, fault, ran)


def limits(b):
    b.start(1, 2)
    largest = max(p.stat().st_size for p in b.fresh.rglob("*") if p.is_file())
    for limit in [*range(0, largest, 500), largest - 1]:
        b.reset()
        b.runs += 1
        ran = subprocess.run([b.probe, "save", b.run, "3"], capture_output=True, text=True,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        b.expect(ran.returncode == 5 and "File too large" in ran.stderr and step_name(3) in ran.stderr, f"{limit} bytes", ran)
        b.holds([2], f"{limit} bytes")
        b.expect(b.names() == [step_name(1), step_name(2)], f"{limit} bytes: left {b.names()}", ran)
    b.reset()
    ran = subprocess.run([b.probe, "save", b.run, "3"], capture_output=True, text=True,
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest)))
    b.expect(ran.returncode == 0, "as many bytes as the largest file has", ran)


# A file system of 160 KiB, mounted where nobody else sees it, filled by saves that remove nothing.
def disk(b):
    place = b.scratch / "disk"
    place.mkdir()
    script = """
        mount -t tmpfs -o size=160k tmpfs "$1" || exit 77
        run=$1/run probe=$2
        "$probe" run "$run" 50 0; echo "ended $?"
        "$probe" check "$run"
        ls "$run/checkpoints" | tail -n 1
        rm -r "$run/checkpoints/step-00000001" "$run/checkpoints/step-00000002"
        "$probe" run "$run" 50 1 && "$probe" check "$run"
    """
    ran = subprocess.run(["unshare", "-rm", "bash", "-c", script, "disk", place, b.probe], capture_output=True, text=True)
    if ran.returncode == 77 or "unshare" in ran.stderr:
        print(f"disk: skipped, nothing can be mounted: {ran.stderr.strip()}")
        return
    b.runs += 1
    lines = ran.stdout.split()
    right = len(lines) == 5 and lines[:2] == ["ended", "5"] and lines[4] == "50" and lines[3] == step_name(int(lines[2]))
    b.expect(right, f"a full disk: {lines}", ran)
    b.expect("No space left" in ran.stderr and ran.stderr.count("\n") == 1, "a full disk: said something else", ran)


# Killed after the last save, before the oldest one is gone, a run has nothing left to do: only the kept ones are compared.
def loop(b):
    command, check = f"{b.probe} run {{out}} 60", f"{b.probe} check {{out}}"
    ran = subprocess.run([sys.executable, HERE / "kill_loop.py", "--dir", b.scratch / "loop", "--kills", "40", "--seed", "7",
                          "--run", command, "--resume", command, "--same", "checkpoints/step-00000059/*",
                          "--same", "checkpoints/step-00000060/*", "--check", check, "--delay-check", check,
                          "--aim", "checkpoints/*.partial", "--within", "0.001", "--share", "0.4"],
                         capture_output=True, text=True)
    b.runs += 40
    b.expect(ran.returncode == 0, ran.stdout, ran)
    print(ran.stdout.splitlines()[-1])
    # It must also notice: a command that leaves something else each time, and one whose resuming fails.
    for resume, same in (("false", "a"), ("touch {out}", "b")):
        (b.scratch / "other").mkdir(exist_ok=True)
        ran = subprocess.run([sys.executable, HERE / "kill_loop.py", "--dir", b.scratch / "other", "--kills", "1", "--run",
                              f"{sys.executable} -c \"import os, time; os.makedirs('{{out}}'); "
                              f"open('{{out}}/a', 'w').write(str(time.time())); time.sleep(0.3)\"",
                              "--resume", resume, "--to", "0.1", "--same", same], capture_output=True, text=True)
        b.runs += 1
        b.expect(ran.returncode == 1, f"a resume of {resume!r}", ran)


def main():
    parts = {f.__name__: f for f in (shim, errors, kills, replace, reading, limits, disk, loop)}
    p = argparse.ArgumentParser()
    p.add_argument("part", choices=parts)
    p.add_argument("--shim", required=True)
    p.add_argument("--probe", required=True)
    o = p.parse_args()
    o.shim, o.probe = os.path.abspath(o.shim), os.path.abspath(o.probe)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as scratch:
        b = Bench(o, scratch)
        parts[o.part](b)
    for line in b.bad[:20]:
        print(line)
    print(f"{o.part}: {b.runs} runs with faults, {len(b.bad)} wrong")
    return 1 if b.bad else 0


if __name__ == "__main__":
    sys.exit(main())
