#!/usr/bin/env bash
# Builds and runs the CUDA tests. Usage: scripts/gpu-test.sh TORCH_DIR [carry]
#   TORCH_DIR  a folder of LibTorch 2.11: include/ and lib/ under it (the torch folder of an installed package will do)
#   carry      only build, into build-gpu, ready to be copied to a machine with a GPU
# Where build-gpu was carried from elsewhere (no compiler needed), it is run as it is, with TORCH_DIR's libraries.
set -euo pipefail
cd "$(dirname "$0")/.."
build="build-gpu"
if [[ ! -e ${1:-}/lib/libtorch_cuda.so ]]; then
  echo "gpu-test: TORCH_DIR=${1:-} holds no lib/libtorch_cuda.so; give the folder of LibTorch 2.11 that has include/ and lib/" >&2
  exit 2
fi
torch=$(realpath "$1")
source=$PWD

carried() { [[ -f $build/CMakeCache.txt ]] && ! grep -qx "CMAKE_HOME_DIRECTORY:INTERNAL=$source" "$build/CMakeCache.txt"; }
if ! carried && { command -v nvcc || test -x /usr/local/cuda/bin/nvcc; } >/dev/null && command -v cmake ninja >/dev/null; then
  test -f $build/build.ninja || cmake -G Ninja -S . -B $build -DRM_TORCH_DIR="$torch" -DRM_CARRY_DEPS=ON
  cmake --build $build -j "$(scripts/jobs.sh)"
fi
[[ ${2:-} == carry ]] && exit 0

# The test programs find everything beside themselves and in TORCH_DIR: no cmake or compiler is needed from here on.
nvidia=$(printf '%s:' "$torch"/../nvidia/*/lib)
export LD_LIBRARY_PATH="$torch/lib:$nvidia${LD_LIBRARY_PATH:-}" OMP_WAIT_POLICY=passive
passed=0 failed=0 skipped=0
for program in "$build"/bin/test_*_gpu; do
  [[ -x $program ]] || continue
  rc=0
  out=$("$program" 2>&1) || rc=$?
  printf '== %s\n%s\n' "$(basename "$program")" "$out"
  if ((rc)); then failed=$((failed + 1)); elif grep -q 'no CUDA device' <<<"$out"; then skipped=$((skipped + 1)); else passed=$((passed + 1)); fi
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
