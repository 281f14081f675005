#!/usr/bin/env bash
# rm-distill mix on a million pairs (about 5 GB) on one core: time, speed and memory, with and without what its flags add; then the
# decontamination of 100,000 pairs against RM-Bench's files (in $RM_SHARED/rm-bench; left out where they are not).
# Each runs RUNS times on the same cached file; the median counts. Speed is bytes read by processor time (user and system), which other
# work on the machine disturbs less than the clock; both are shown. RECORDS=1000000 RUNS=3 TMPDIR=. Nothing here is a test.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build} records=${RECORDS:-1000000} runs=${RUNS:-3} bench=${RM_SHARED:-../shared/data}/rm-bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 bench/mix_records.py "$records" >"$work/pairs.jsonl"
python3 bench/mix_records.py 100000 2 >"$work/part.jsonl"
python3 - "$build/bin/rm-distill" "$work" "$runs" "$bench" <<'P'
import json, os, pathlib, platform, resource, statistics, subprocess, sys, time
program, work, runs, bench = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), pathlib.Path(sys.argv[4])
core = max(os.sched_getaffinity(0))
def once(args):
    began = time.perf_counter()
    child = subprocess.Popen([program, "mix", *map(str, args), "--quiet", "--summary", work / "s.json"], preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    _, status, used = os.wait4(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, args
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_utime, used.ru_maxrss / 1024
def show(name, file, *args):
    size = file.stat().st_size
    with open(file, "rb") as f:  # into the page cache
        while f.read(1 << 24):
            pass
    out = [once([file, "-o", work / "out.jsonl", *args]) for _ in range(runs)]
    wall, cpu, user, memory = (statistics.median(column) for column in zip(*out))
    s = json.loads((work / "s.json").read_text())
    print(f"{name:34} {s['seen']:>9,} records {size / 1e9:6.2f} GB  {wall:6.1f} s  {cpu:6.1f} s cpu ({user:.1f} user)  {size / cpu / 1e6:5.0f} MB/s  {memory:5.0f} MiB  "
          f"kept {s['kept']:,}, A {s['out']['winner']['A'] + s.get('rest', {}).get('winner', {}).get('A', 0):,}")
cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.machine())
print(f"{cpu}, core {core} of {os.cpu_count()}, load {os.getloadavg()[0]:.1f}, median of {runs}, files in {work.parent}")
pairs, part = work / "pairs.jsonl", work / "part.jsonl"
show("a tenth of the records", part)
show("all", pairs)
show("--dedup pair", pairs, "--dedup", "pair")
show("all flags but benchmarks", pairs, "--dedup", "pair", "--exclude", "source=magpie_ultra", "--cap", "500000", "--split", "distill=0.12", "--rest", work / "rest.jsonl")
if bench.is_dir():
    show("--decontaminate RM-Bench", part, "--decontaminate", bench)
    print("  " + ", ".join(f"{pathlib.Path(f['file']).name}: {f['items']} items" for f in json.loads((work / "s.json").read_text())["decontamination"]["files"]))
else:
    print(f"RM-Bench is not in {bench}: not measured")
P
