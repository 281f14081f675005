#!/usr/bin/env python3
"""Holds the layers apart: reads every #include under lib/ and tools/, and the sizes of files.

What a layer may include is the DEPS of its rm_layer or rm_torch_layer line in cmake/*.cmake, and what those may include.
Prints each breach as file:line: what; exits 1 if there is one. Usage: arrows.py [REPOSITORY]
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
ROOT = ROOT if len(sys.argv) > 1 else ROOT.parents[2]
SOURCE_LINES, HEADER_LINES, TOOL_LINES = 600, 150, 250
TRAINING = ("tools/rm-distill", "tools/rm-rl")
TORCH = re.compile(r"(ATen|c10|torch|caffe2)/")


def layers():
    """({layer: layers it may include}, the Torch layers)."""
    direct, torch = {}, set()
    for path in (ROOT / "cmake").glob("*.cmake"):
        for kind, name, deps in re.findall(r"^rm_(layer|torch_layer)\((\w+) DEPS ([^)]*)\)", path.read_text(), re.M):
            direct[name] = [d[3:] for d in deps.split() if d.startswith("rm_")]
            if kind == "torch_layer":
                torch.add(name)
    closed = {}

    def close(name, above=()):
        if name in above:
            sys.exit(f"cmake: the layers {' -> '.join([*above, name])} form a ring")
        if name not in closed:
            closed[name] = set().union({name}, *(close(d, (*above, name)) for d in direct.get(name, [])))
        return closed[name]

    for name in direct:
        close(name)
    return closed, torch


def folder_layer(path):
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "lib" else f"tools/{parts[1]}"


def breaches(path, text, allowed, torch):
    mine, here = folder_layer(path), path.relative_to(ROOT)
    in_core = mine not in torch
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not found:
            continue
        target = found.group(2)
        where = f"{here}:{number}: includes {target}: "
        layer = re.match(r"lib/(\w+)/", target)
        if mine.startswith("tools/"):
            if layer and layer.group(1) in torch:
                yield where + "a program reaches Torch only through lib/generate"
        elif layer and layer.group(1) not in allowed[mine]:
            yield where + f"{mine} may include only {', '.join(sorted(allowed[mine]))}"
        if not layer and found.group(1) == '"' and not re.match(r"(tools/cli/|tools/[\w-]+/|version\.h|\w+\.inc)", target):
            yield where + "write the path from the root of the repository"
        if target.startswith("tools/") and not mine.startswith("tools/"):
            yield where + "nothing below includes tools"
        shared = ("tools/cli/", "tools/train/") if mine in TRAINING else ("tools/cli/",)
        if target.startswith("tools/") and not target.startswith((*shared, mine + "/")):
            yield where + "programs share only tools/cli, and those that train tools/train"
        if TORCH.match(target) and in_core:
            yield where + "the core never includes Torch"
        if TORCH.match(target) and path.suffix in (".cu", ".cuh") and not target.startswith("c10/cuda/"):
            yield where + "a .cu file takes raw pointers and includes no ATen"
        if target == "torch/torch.h":
            yield where + "takes 30 s a file; include ATen/ATen.h"
        if target.startswith("fmt/") and not in_core:
            yield where + "Torch's headers carry another fmt"
        if target.startswith("fmt/") and path.suffix == ".h":
            yield where + "public headers hold no fmt"
        if target.startswith("simdjson") and not str(here).startswith("lib/base/json"):
            yield where + "only base/json knows the JSON library"
        if target.startswith("curl/") and mine != "generate":
            yield where + "only generate speaks HTTP"
        if target.startswith("httplib") and mine != "serve":
            yield where + "only serve answers HTTP"
        if target.startswith("CLI/") and not mine.startswith("tools/"):
            yield where + "flags are parsed in tools"


def too_long(path, text):
    lines, here = text.count("\n"), path.relative_to(ROOT)
    is_header = path.suffix in (".h", ".cuh") and not path.stem.endswith("_body")  # a body is a source compiled several times
    limit = HEADER_LINES if is_header else TOOL_LINES if here.parts[0] == "tools" else SOURCE_LINES
    if lines > limit:
        yield f"{here}:{lines}: longer than {limit} lines; split it by noun"


def main():
    allowed, torch = layers()
    if not {"base", "judge", "engine"} <= set(allowed):
        sys.exit("cmake: found no rm_layer lines; did their form change?")
    bad, seen = [], 0
    for top in ("lib", "tools"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in (".h", ".cc", ".cu", ".cuh"):
                continue
            seen += 1
            text = path.read_text()
            if top == "lib" and folder_layer(path) not in allowed:
                bad.append(f"{path.relative_to(ROOT)}: its folder is no layer of cmake/*.cmake")
                continue
            bad += [*breaches(path, text, allowed, torch), *too_long(path, text)]
    bad += [b for p in (ROOT / "tests").rglob("*.cc") for b in too_long(p, p.read_text())]
    print("\n".join(bad + [f"{seen} files, {len(allowed)} layers, {len(bad)} breaches"]))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
