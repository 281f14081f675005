#!/usr/bin/env bash
# Builds the fuzz targets with clang and runs each for a while, from the corpus kept in the private folder.
# Usage: scripts/fuzz.sh [SECONDS each, 60 by default]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
build="build-fuzz"
corpus=${RM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rm-r1}/corpus
test -f $build/build.ninja || CC=clang-14 CXX=clang++-14 cmake -G Ninja -S . -B $build -DRM_FUZZ=ON -DRM_TORCH=OFF -DRM_TESTS=OFF
cmake --build $build -j "$(scripts/jobs.sh)"
failed=0 passed=0
for target in "$build"/bin/fuzz_*; do
  name=$(basename "$target")
  mkdir -p "$corpus/$name"
  echo "== $name, $seconds s"
  if "$target" -max_total_time="$seconds" -rss_limit_mb=512 -timeout=1 -print_final_stats=1 -verbosity=0 -artifact_prefix="$build/$name-" "$corpus/$name"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
((failed == 0))
