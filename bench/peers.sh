#!/usr/bin/env bash
# Brings the peers that the benchmarks measure beside us into the cache: llama.cpp (built from the sdist of llama-cpp-python), or with
# `bench/peers.sh trl` TRL (wheels beside the oracle's own, which stay as they are). Nothing of it enters this repository. A second run
# does nothing.
set -euo pipefail
cache="${RM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rm-r1}/peers"
if [ "${1:-llama}" = trl ]; then
  trl=1.16.0
  if [ -d "$cache/trl-$trl/trl" ]; then exit 0; fi
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "peers: fetching trl $trl" >&2
  "${PYTHON:-$cache/../oracle/bin/python}" -m pip install -q --disable-pip-version-check --no-deps --target "$work/trl" "trl==$trl" \
    datasets==5.2.0 dill==0.4.1 multiprocess==0.70.19 pandas==3.1.1 pyarrow==26.0.1 python-dateutil==4.0.0 tzdata==2026.6
  mv "$work/trl" "$cache/trl-$trl"
  exit 0
fi
version=0.3.36
sha=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
tree="$cache/llama_cpp_python-$version/vendor/llama.cpp"
if [ -x "$tree/build/bin/llama-server" ]; then exit 0; fi
mkdir -p "$cache"
work=$(mktemp -d "$cache/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "peers: fetching llama-cpp-python $version" >&2
python3 -m pip download -q --no-deps --no-binary=:all: --no-build-isolation -d "$work" "llama-cpp-python==$version" 2>/dev/null ||
  python3 -m pip download -q --no-deps --no-binary=:all: -d "$work" "llama-cpp-python==$version"
archive="$work/llama_cpp_python-$version.tar.gz"
echo "$sha  $archive" | sha256sum -c --quiet
tar xzf "$archive" -C "$cache"
echo "peers: building llama.cpp (some minutes)" >&2
cmake -S "$tree" -B "$tree/build" -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF \
  -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF > "$cache/build.log" 2>&1
cmake --build "$tree/build" -j"$(nproc)" --target llama-server llama-bench llama-batched-bench llama-tokenize >> "$cache/build.log" 2>&1
