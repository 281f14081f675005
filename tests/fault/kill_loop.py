#!/usr/bin/env python3
"""Kills a command at random moments, lets it go on each time, and compares what it makes with an undisturbed run's.

  kill_loop.py --dir SCRATCH --run 'PROGRAM ... -o {out}' --resume 'PROGRAM ... -o {out} --resume' --kills 20 --seed 1 \\
    --same model.safetensors --same 'checkpoints/*/manifest.json' --same-lines metrics.jsonl:seconds,tokens_per_s

{out} is SCRATCH/whole for the undisturbed run, SCRATCH/killed-1 for the other. SIGKILL goes to the command and its children
after a time drawn evenly from --from to --to seconds (0 to as long as the undisturbed run took, or --share of that). With
--aim 'checkpoints/*.partial' half of the kills wait from that moment on for a file or folder below {out} that matches and was
not there, and come within --within seconds (0.01) after it: in the middle of a save. A command that has finished before its
moment is compared, and the rest of the kills go to a new run, SCRATCH/killed-2 and so on. Commands are split into words as a
shell does; no shell runs.

--same NAME         a file below {out}, or several by * and ?: equal byte for byte, and the same names on both sides
--same-lines NAME:KEYS  JSON lines, equal but for these members (times)
--check COMMAND     run on a finished {out}; its exit code must be 0
--delay-check COMMAND   the same after every kill, before going on
Prints every kill; exits 1 where anything differs or a command fails.
"""
import argparse
import glob
import json
import os
import pathlib
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time


def words(text, out):
    return [w.replace("{out}", str(out)) for w in shlex.split(text)]


def start(text, out, log):
    return subprocess.Popen(words(text, out), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def matches(out, pattern):
    return set(glob.glob(str(out / pattern))) if pattern else set()


def run_for(text, out, seconds, log, aim="", after=0.0):
    """Its exit code, or None where it had to be killed: after so many seconds, or `after` what `aim` matches came then."""
    process = start(text, out, log)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        known = matches(out, aim)
        while aim and process.poll() is None and matches(out, aim) <= known:
            time.sleep(0.0005)
        time.sleep(after)
        if process.poll() is not None:
            return process.returncode
        os.killpg(process.pid, signal.SIGKILL)  # the session that was made for it
        process.wait()
        return None


def found(folder, pattern):
    return {str(p.relative_to(folder)): p for p in sorted(folder.glob(pattern)) if p.is_file()}


def lines_without(path, keys):
    out = []
    for line in path.read_text().splitlines():
        value = json.loads(line)
        out.append({k: v for k, v in value.items() if k not in keys})
    return out


def compare(whole, other, o):
    """(files compared, what differs)."""
    bad, count = [], 0
    for pattern in o.same + [s.rpartition(":")[0] for s in o.same_lines]:
        a, b = found(whole, pattern), found(other, pattern)
        if not a:
            bad.append(f"{pattern}: the undisturbed run has none")
        bad += [f"{n}: only on one side" for n in sorted(a.keys() ^ b.keys())]
    for pattern in o.same:
        a, b = found(whole, pattern), found(other, pattern)
        for n in a.keys() & b.keys():
            count += 1
            if a[n].read_bytes() != b[n].read_bytes():
                bad.append(f"{n}: differs")
    for pattern, _, keys in (s.rpartition(":") for s in o.same_lines):
        a, b = found(whole, pattern), found(other, pattern)
        for n in a.keys() & b.keys():
            count += 1
            if lines_without(a[n], keys.split(",")) != lines_without(b[n], keys.split(",")):
                bad.append(f"{n}: lines differ")
    return count, bad


def check(text, out):
    if not text:
        return []
    ran = subprocess.run(words(text, out), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return [] if ran.returncode == 0 else [f"check ended with {ran.returncode}: {(ran.stdout + ran.stderr).strip()}"]


def options():
    p = argparse.ArgumentParser(usage="kill_loop.py --dir SCRATCH --run COMMAND --resume COMMAND [--kills N] [--seed N] "
                                      "[--same NAME]... [--same-lines NAME:KEYS]... [--check COMMAND] [--aim PATTERN]")
    p.add_argument("--dir", required=True, type=pathlib.Path)
    p.add_argument("--run", required=True)
    p.add_argument("--resume", required=True)
    p.add_argument("--kills", type=int, default=20)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--from", dest="low", type=float, default=0.0)
    p.add_argument("--to", dest="high", type=float)
    p.add_argument("--share", type=float, default=1.0)
    p.add_argument("--aim", default="")
    p.add_argument("--within", type=float, default=0.01)
    p.add_argument("--same", action="append", default=[])
    p.add_argument("--same-lines", action="append", default=[])
    p.add_argument("--check", default="")
    p.add_argument("--delay-check", default="")
    return p.parse_args()


def kill_and_finish(o, rng, high, out, left, log):
    """One run to its end. (kills, what is wrong)"""
    kills, command, bad = 0, o.run, []
    while kills < left:
        seconds = rng.uniform(o.low, high)
        aim = o.aim if o.aim and rng.random() < 0.5 else ""
        code = run_for(command, out, seconds, log, aim, rng.uniform(0, o.within) if aim else 0)
        if code is not None:
            return kills, bad + ([] if code == 0 else [f"{command}: ended with {code}"])
        kills += 1
        print(f"{out.name}: killed after {seconds:.3f} s" + (" and a while, in a save" if aim else ""), flush=True)
        bad += check(o.delay_check, out)
        command = o.resume
    code = start(command, out, log).wait()
    return kills, bad + ([] if code == 0 else [f"{command}: ended with {code}"])


def main():
    o = options()
    rng = random.Random(o.seed)
    o.dir.mkdir(parents=True, exist_ok=True)
    for old in ["whole", *(p.name for p in o.dir.glob("killed-*"))]:
        shutil.rmtree(o.dir / old, ignore_errors=True)
    log_path, whole = o.dir / "log", o.dir / "whole"
    with open(log_path, "wb") as log:
        begun = time.monotonic()
        code = start(o.run, whole, log).wait()
        took = time.monotonic() - begun
        if code != 0:
            print(f"undisturbed, the command ends with {code}: see {log_path}")
            return 1
        print(f"undisturbed: {took:.2f} s")
        high = took * o.share if o.high is None else o.high
        bad, left, runs, compared = check(o.check, whole), o.kills, 0, 0
        while runs == 0 or left > 0:
            runs += 1
            out = o.dir / f"killed-{runs}"
            kills, wrong = kill_and_finish(o, rng, high, out, left, log)
            left -= kills
            count, differs = compare(whole, out, o)
            compared += count
            bad += [f"{out.name}: {w}" for w in wrong + differs + check(o.check, out)]
            if bad or runs > 20 * o.kills + 20:
                break
    for b in bad:
        print(b)
    print(f"{o.kills - left} kills in {runs} runs, {compared} files compared, {len(bad)} faults" +
          (f": see {log_path}" if bad else ""))
    return 1 if bad or left > 0 else 0


if __name__ == "__main__":
    sys.exit(main())
