#!/usr/bin/env python3
"""Runs a command again and again, each time with one of its file operations failing, and checks what is left.

A first run without faults counts the calls of every kind by the preloaded shim (shim.c). Then for each n-th call of each
kind (all of them, or evenly spread where there are more than --cap) the command runs with that one failing. --before makes the
place ready each time, --check says whether what is left is sound; both are shell commands and may use $RM_KIND, $RM_CALL,
$RM_WHAT, and in --check $RM_EXIT (the command's exit code, negative: the signal) and $RM_STDERR (a file).

  each_syscall.py --shim build/tests/librm_fault_shim.so --path /out/ --faults EIO,KILL --before 'rm -rf out' \\
    --check 'test -e out/model.safetensors || test "$RM_EXIT" = 5' -- PROGRAM ...

Prints a line a kind and every failed check; exits 1 where one failed, 2 where the command fails without faults.
As a module: calls(), chosen(), run_with().
"""
import argparse
import collections
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

KINDS = ("write", "pwrite", "fsync", "fdatasync", "rename", "renameat2", "close", "open", "openr", "mkdir", "unlink",
         "ftruncate", "fallocate")
Ran = collections.namedtuple("Ran", "code out err injected")


def read_log(path):
    """{kind: (calls, injected)}"""
    data = pathlib.Path(path).read_bytes()
    return {name.rstrip(b"\0").decode(): (seen, injected) for name, seen, injected in struct.iter_unpack("<16sQQ", data)}


def run_with(command, shim, fault="", path="", log=None, **more):
    """Runs it under the shim; `injected` is how many faults came."""
    with tempfile.TemporaryDirectory() as scratch:
        log = log or os.path.join(scratch, "log")
        pathlib.Path(log).unlink(missing_ok=True)
        env = dict(os.environ, LD_PRELOAD=str(shim), RM_FAULT=fault, RM_FAULT_PATH=path, RM_FAULT_LOG=log)
        ran = subprocess.run(command, env=env, capture_output=True, stdin=subprocess.DEVNULL, **more)
        counted = read_log(log)
    return Ran(ran.returncode, ran.stdout.decode(errors="replace"), ran.stderr.decode(errors="replace"),
               counted["any"][1]), counted


def calls(command, shim, path="", **more):
    """Without faults: what came of it, and {kind: calls}."""
    ran, counted = run_with(command, shim, path=path, **more)
    return ran, {kind: seen for kind, (seen, _) in counted.items()}


def chosen(count, cap):
    """1..count, or `cap` of them evenly spread, with both ends."""
    if count <= cap:
        return list(range(1, count + 1))
    return sorted({1 + round(i * (count - 1) / max(cap - 1, 1)) for i in range(cap)})


def shell(text, env):
    return subprocess.run(["bash", "-c", text], env=dict(os.environ, **env), capture_output=True, text=True)


def main():
    p = argparse.ArgumentParser(usage="each_syscall.py --shim FILE [--path TEXT] [--kinds LIST] [--faults LIST] [--cap N] "
                                      "[--before SHELL] [--check SHELL] -- COMMAND...")
    p.add_argument("--shim", required=True)
    p.add_argument("--path", default="")
    p.add_argument("--kinds", default=",".join(KINDS))
    p.add_argument("--faults", default="EIO")
    p.add_argument("--cap", type=int, default=200)
    p.add_argument("--before", default="true")
    p.add_argument("--check", default="true")
    p.add_argument("command", nargs="+")
    o = p.parse_args()
    shim = os.path.abspath(o.shim)
    shell(o.before, {})
    ran, counted = calls(o.command, shim, o.path)
    if ran.code != 0:
        print(f"without faults the command ends with {ran.code}: {ran.err.strip()}", file=sys.stderr)
        return 2
    failed = done = 0
    with tempfile.TemporaryDirectory() as scratch:
        stderr = pathlib.Path(scratch, "stderr")
        for kind in o.kinds.split(","):
            for what in o.faults.split(","):
                numbers = chosen(counted[kind], o.cap)
                for n in numbers:
                    env = {"RM_KIND": kind, "RM_CALL": str(n), "RM_WHAT": what, "RM_STDERR": str(stderr)}
                    shell(o.before, env)
                    ran, _ = run_with(o.command, shim, f"{kind}:{n}:{what}", o.path)
                    stderr.write_text(ran.err)
                    checked = shell(o.check, dict(env, RM_EXIT=str(ran.code)))
                    done += 1
                    if checked.returncode != 0:
                        failed += 1
                        print(f"{kind}:{n}:{what}: exit {ran.code}, check {checked.returncode}: "
                              f"{(checked.stdout + checked.stderr).strip()} | {ran.err.strip()}")
                print(f"{kind} {what}: {len(numbers)} of {counted[kind]} calls")
    print(f"{done} runs, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
