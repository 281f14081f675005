#!/usr/bin/env bash
# rm-eval score beside jq and DuckDB's JSON reader on a million judged records (about 1 GB): time, memory and their ratios.
# Every program runs five times on the same cached file, in turn; the median counts. DuckDB is asked twice: for the bare group-by
# (records, right, without a verdict, by subset), its columns declared so that it need not guess; and for the sums that rm-eval
# adds up for its table beside it (items once each, verdicts by letter, by place and by length). rm-eval always does all it does.
# RECORDS=1000000. DuckDB's program comes from PyPI (duckdb-cli) into the cache. Nothing here is a test.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build} records=${RECORDS:-1000000}
cache=${RM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rm-r1}/peers
duckdb=$cache/duckdb/duckdb_cli/duckdb
if [ ! -x "$duckdb" ]; then
  python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --no-deps --target "$cache/duckdb" duckdb-cli==1.5.6
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
file=$work/judged.jsonl
python3 bench/eval_records.py "$records" >"$file"
cat >"$work/bare.sql" <<SQL
SELECT bench.subset, count(*) AS n, count_if(judgment.correct) AS r, count_if(judgment.verdict IS NULL) AS u
FROM read_json('$file', format='newline_delimited',
  columns={bench: 'STRUCT(subset VARCHAR)', judgment: 'STRUCT(correct BOOLEAN, verdict VARCHAR)'})
GROUP BY 1 ORDER BY 1;
SQL
cat >"$work/sums.sql" <<SQL
SELECT bench.subset, count(*) AS n, count(DISTINCT bench.item) AS items, count_if(judgment.correct) AS r,
  count_if(judgment.verdict IS NULL) AS u, count_if(judgment.samples[1].reason = 'length') AS cut,
  count_if(judgment.samples[1].verdict = 'A') AS a,
  count_if(judgment.correct AND judgment.samples[1]."order" = 'ab') AS first_right,
  count_if(judgment.samples[1]."order" = 'ab') AS first,
  count_if(length(chosen) > length(rejected)) AS longer,
  count_if((length(chosen) > length(rejected)) = judgment.correct) AS prefers
FROM read_json('$file', format='newline_delimited',
  columns={chosen: 'VARCHAR', rejected: 'VARCHAR', bench: 'STRUCT(subset VARCHAR, item VARCHAR)',
    judgment: 'STRUCT(correct BOOLEAN, verdict VARCHAR, samples STRUCT("order" VARCHAR, verdict VARCHAR, reason VARCHAR)[])'})
GROUP BY 1 ORDER BY 1;
SQL
cat >"$work/sums.jq" <<'JQ'
reduce inputs as $r ({}; .[$r.bench.subset] |= {n: (.n + 1), r: (.r + if $r.judgment.correct then 1 else 0 end),
  u: (.u + if $r.judgment.verdict == null then 1 else 0 end)})
JQ
# A smaller part for jq, which is slow and linear; its time is scaled.
part=$((records / 10))
head -n "$part" "$file" >"$work/part.jsonl"
python3 - "$build/bin/rm-eval" "$duckdb" "$file" "$work" "$((records / part))" <<'P'
import json, os, platform, resource, statistics, subprocess, sys, time
rm_eval, duckdb, file, work, scale = sys.argv[1:]
def once(command, out):
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=open(out, "w"))
    _, status, used = os.wait4(child.pid, 0)
    assert status == 0, command
    return time.perf_counter() - began, used.ru_maxrss / 1024
runs = {
    "rm-eval": ([rm_eval, "score", "--json", file], 1),
    "duckdb, bare group-by": ([duckdb, "-csv", "-f", f"{work}/bare.sql"], 1),
    "duckdb, the sums of the table": ([duckdb, "-csv", "-f", f"{work}/sums.sql"], 1),
    "jq, bare group-by": (["jq", "-nc", "-f", f"{work}/sums.jq", f"{work}/part.jsonl"], int(scale)),
}
subprocess.run(["cat", file], stdout=subprocess.DEVNULL, check=True)  # into the page cache
times, peak = {k: [] for k in runs}, {}
for i in range(5):
    for name, (command, factor) in runs.items():
        if name.startswith("jq") and i > 0:
            continue
        seconds, megabytes = once(command, f"{work}/{name}.out")
        times[name].append(seconds * factor)
        peak[name] = max(peak.get(name, 0), megabytes)
median = {k: statistics.median(v) for k, v in times.items()}
scores = json.load(open(f"{work}/rm-eval.out"))
rows = [line.split(",") for line in open(f"{work}/duckdb, bare group-by.out")][1:]
assert sum(int(r[2]) for r in rows) == scores["counts"]["right"], "DuckDB counts otherwise"
assert sum(int(r[1]) for r in rows) == scores["counts"]["records"]
print(f"{os.cpu_count()} vCPU, {platform.machine()}, {os.path.getsize(file) / 1e9:.2f} GB, {scores['counts']['records']} records, load {os.getloadavg()[0]:.1f}")
for name in runs:
    note = " (scaled from a tenth)" if name.startswith("jq") else ""
    print(f"{name:32} {median[name]:7.2f} s  {peak[name]:6.0f} MiB  {median[name] / median['rm-eval']:6.2f} x rm-eval's time{note}")
P
