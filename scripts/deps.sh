#!/usr/bin/env bash
# Installs what the build lacks: Debian packages by apt-get where that is allowed, the rest into a private folder
# ($RM_CACHE, else ~/.cache/rm-r1). A second run changes nothing. Usage: scripts/deps.sh [--lint] [--asan] [--medium] [--no-torch]
set -euo pipefail
cd "$(dirname "$0")"

packages=(g++ make python3 python3-pip ca-certificates ccache pkg-config libcli11-dev libsimdjson-dev libzstd-dev zlib1g-dev
          libfmt-dev doctest-dev libxxhash-dev libutf8proc-dev libcurl4-openssl-dev libcpp-httplib-dev mandoc
          jq zstd)
torch=()
for flag in "$@"; do
  case $flag in
    --lint) packages+=(clang-tidy-14 clang-format-14 shellcheck) ;;
    --medium) packages+=(chromium chromium-driver) ;;
    --asan) packages+=(clang-14 libclang-rt-14-dev llvm-14) ;;
    --no-torch) torch=(--no-torch) ;;
    *) echo "deps.sh: unknown flag $flag; expected --lint, --asan, --medium or --no-torch" >&2; exit 2 ;;
  esac
done

missing=()
if command -v dpkg-query >/dev/null; then
  installed=" $(dpkg-query -W -f='${binary:Package}=${db:Status-Status} ' 2>/dev/null | sed 's/:amd64=/=/g')"
  for p in "${packages[@]}"; do
    [[ $installed == *" $p=installed "* ]] && continue
    [[ $p == python3 || $p == python3-pip ]] && python3 -m pip --version >/dev/null 2>&1 && continue
    missing+=("$p")
  done
else
  echo "deps.sh: no dpkg here, so packages are not checked; the build needs what Debian calls: ${packages[*]}" >&2
fi

if ((${#missing[@]})); then
  as_root=()
  if [[ $(id -u) != 0 ]]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo -n)
    else
      printf 'deps.sh: these packages are missing and this user may not install them. As root, run\n  apt-get install --no-install-recommends %s\nthen try again.\n' \
        "${missing[*]}" >&2
      exit 1
    fi
  fi
  echo "installing packages: ${missing[*]}" >&2
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  quietly() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2; return 1; }; }
  quietly apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends "${missing[@]}" 2>/dev/null ||
    { quietly apt-get update -q && quietly apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends "${missing[@]}"; } ||
    { echo "deps.sh: apt-get could not install: ${missing[*]}" >&2; exit 1; }
fi

PYTHONDONTWRITEBYTECODE=1 python3 deps.py "${torch[@]}"
