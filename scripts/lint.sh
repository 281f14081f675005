#!/usr/bin/env bash
# Everything that reads the sources and judges them; each check runs, then the count of those that failed. Usage: lint.sh BUILD [FILE...]
# With FILEs, clang-tidy reads only those.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
build=$1
shift
failed=()
check() {
  local name=$1
  shift
  echo "== $name" >&2
  "$@" || failed+=("$name")
}
mapfile -t sources < <(git ls-files 'lib/*.h' 'lib/*.cc' 'lib/*.cu' 'tools/*.h' 'tools/*.cc' 'tests/*.h' 'tests/*.cc')
mapfile -t scripts < <(git ls-files '*.sh' .ci/run ':!tests/cli')
mapfile -t cli_tests < <(git ls-files 'tests/cli/*.sh' 'tests/cli/*.bash')
mapfile -t pages < <(git ls-files 'man/*.[1-8]')
mapfile -t tidy < <(git ls-files 'lib/*.cc' 'tools/*.cc')
(($#)) && tidy=("$@")

tidied() {
  # Clang reads GCC's flags for precompiled headers badly: a copy of the database without them.
  local db
  db=$(mktemp -d)
  jq '[.[] | .command |= gsub("-Winvalid-pch|-include [^ ]*cmake_pch.hxx"; "")]' "$build/compile_commands.json" >"$db/compile_commands.json"
  printf '%s\0' "${tidy[@]}" | xargs -0 -n 4 -P "$(scripts/jobs.sh)" clang-tidy-14 -p "$db" --quiet 2> >(grep -vE 'warnings? generated|Suppressed|Use -header-filter|^$' >&2)
  local rc=$?
  rm -rf "$db"
  return $rc
}
# HTML's placeholder="..." and ::placeholder are its words, not ours.
no_leftovers() { ! git grep -nIP '\b(TODO|FIXME|XXX|HACK)\b|not implemented|\bstub\b|(?<!::)\bplaceholder\b(?!=")' -- . ':!scripts/lint.sh' ':!*.json' ':!tests/golden'; }

check layers python3 tests/structure/arrows.py
check format clang-format-14 --dry-run -Werror "${sources[@]}"
check shell shellcheck -x "${scripts[@]}"
check cli-tests shellcheck -s bash -S warning "${cli_tests[@]}"
((${#pages[@]})) && check man mandoc -T lint -W warning "${pages[@]}"
check leftovers no_leftovers
check tidy tidied
((${#failed[@]})) && { echo "lint: ${#failed[@]} failed: ${failed[*]}" >&2; exit 1; }
echo "lint: clean" >&2
