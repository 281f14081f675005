"""Goldens of lib/metrics' event files, from TensorBoard: its checksums, its record writer, its protocol buffers, its reader.

  event_files.py                writes tests/golden/metrics/{crc32c.jsonl,events.tfevents}; the records of the latter are
                                tests/golden/metrics/events.jsonl (one event a line, in the words of this script)
  event_files.py compare PROBE  writes runs with event_probe and reads them with TensorBoard's EventAccumulator: every value
                                of every tag, what a run that went on takes back, and a file whose last record is torn

Run by `make goldens`; deterministic.
"""

import io
import json
import math
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import crc32c, masked_crc32c
from tensorboard.summary.writer.record_writer import RecordWriter

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "metrics"


def tag(name):
    return "val/" + name[4:] if name.startswith("val_") else "train/" + name


# What the events of the golden file say; "seconds" since 1970.
EVENTS = [
    {"seconds": 1700000000.25, "version": True},
    {"seconds": 1700000000.5, "start": 0},
    {"seconds": 1700000001.125, "scalars": {"step": 1, "loss": 1.5, "lr": 5e-6, "grad_norm": 0.0, "tokens": 131072}},
    {"seconds": 1700000002.0, "scalars": {"step": 0, "val_loss": 2.25}},
    {"seconds": 1700000003.0, "scalars": {"step": 300, "val_loss": 0.1, "val_parsed": 1, "loss": -1e-30, "tokens": 16777217}},
    {"seconds": 0.0, "scalars": {"step": 2**40}},
    {"seconds": 1700000004.0, "start": 301},
    {"seconds": 1700000005.0, "scalars": {"step": 301, "näme " + "x" * 200: 3.4e38, "loss": None}},
]


def message(e):
    out = Event(wall_time=e["seconds"])
    if "version" in e:
        out.file_version = "brain.Event:2"
    elif "start" in e:
        out.step = e["start"]
        out.session_log.CopyFrom(SessionLog(status=SessionLog.START))
    else:
        out.step = e["scalars"]["step"]
        out.summary.CopyFrom(Summary(value=[
            Summary.Value(tag=tag(k), simple_value=math.nan if v is None else v) for k, v in e["scalars"].items() if k != "step"]))
    return out.SerializeToString()


def write():
    OUT.mkdir(parents=True, exist_ok=True)
    rng = random.Random(7)
    with open(OUT / "crc32c.jsonl", "w") as out:
        for n in (0, 1, 2, 3, 7, 8, 9, 31, 32, 33, 64, 255, 256, 1000):
            data = rng.randbytes(n)
            out.write(json.dumps({"hex": data.hex(), "crc": crc32c(data), "masked": masked_crc32c(data)}) + "\n")
    with open(OUT / "events.jsonl", "w") as out:
        for e in EVENTS:
            out.write(json.dumps(e, ensure_ascii=False) + "\n")
    data = io.BytesIO()
    writer = RecordWriter(data)
    for e in EVENTS:
        writer.write(message(e))
    (OUT / "events.tfevents").write_bytes(data.getvalue())


def told(folder):
    """{tag: [(step, value)]} as TensorBoard reads the folder."""
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    assert not accumulator.Tags()["tensors"]
    scalars = {t: [(e.step, e.value) for e in accumulator.Scalars(t)] for t in accumulator.Tags()["scalars"]}
    return {t: points for t, points in scalars.items() if points}


def as_float(v):
    return math.nan if v is None else struct.unpack("<f", struct.pack("<f", v))[0]


def wanted(records):
    out = {}
    for r in records:
        for k, v in r.items():
            if k != "step":
                out.setdefault(tag(k), []).append((r["step"], as_float(v)))
    return out


def same(got, want, what):
    plain = lambda d: {t: [(s, "nan" if math.isnan(v) else v) for s, v in p] for t, p in sorted(d.items())}
    if plain(got) != plain(want):
        sys.exit(f"{what}: TensorBoard reads\n{got}\nexpected\n{want}")


def lines(rng, first, last):
    for step in range(first, last + 1):
        yield {"step": step, "loss": rng.uniform(0, 3), "lr": 5e-6 * rng.random(), "tokens": rng.randrange(10**6),
               "grad_norm": None if step % 17 == 0 else rng.expovariate(1)}
        if step % 5 == 0:
            yield {"step": step, "val_loss": rng.uniform(0, 3), "val_parsed": rng.random()}


def compare(probe):
    rng = random.Random(11)

    def put(folder, records, *resumed):
        text = "".join(json.dumps(r) + "\n" for r in records)
        subprocess.run([probe, folder, *map(str, resumed)], input=text, text=True, check=True)

    for case in range(20):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder) / "new" / "folder"
            stopped, resumed = rng.randint(7, 60), rng.randint(0, 5)
            if case == 0:
                resumed = stopped  # nothing to take back
            records = list(lines(rng, 1, stopped))
            put(folder, records)
            same(told(folder), wanted(records), f"case {case}, a run")
            if case % 3 == 2:  # killed in the middle of a record
                file = next(folder.iterdir())
                file.write_bytes(file.read_bytes()[: -rng.randint(1, 40)])
            kept = [r for r in records if r["step"] <= resumed]
            for _ in range(case % 3 + 1):  # stopped and gone on with, several times
                more = list(lines(rng, resumed + 1, resumed + rng.randint(0, 40)))
                put(folder, more, resumed)
                kept += more
                same(told(folder), wanted(kept), f"case {case}, gone on from {resumed}")
                resumed = max((r["step"] for r in kept), default=0) if case % 2 else resumed
                kept = [r for r in kept if r["step"] <= resumed]
            fresh = list(lines(rng, 1, 3))
            put(folder, fresh)  # a new run in the same folder
            same(told(folder), wanted(fresh), f"case {case}, begun again")
    print("20 runs, each stopped, gone on with and begun again: TensorBoard reads every value, and none that was taken back")


if __name__ == "__main__":
    if sys.argv[1:2] == ["compare"]:
        compare(sys.argv[2])
    else:
        write()
