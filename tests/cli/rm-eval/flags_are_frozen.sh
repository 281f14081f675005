# A new flag is a decision: it needs a line here, one in the man page and a test.
. "$RM_SOURCE/tests/cli/expect.bash"
common="-i,--in -o,--out --map --on-error --seed --summary --dry-run --quiet --color --version --help"
scoring="--json --partial --expect --unparsed --upstream-bug"
frozen() {
  local verb=$1
  shift
  rm-eval "$verb" --help | grep -oE '^  (-[a-z],)?--[a-z-]+' | tr -d ' ' >found
  printf '%s\n' "$@" >expected
  same expected found
}
# shellcheck disable=SC2086
frozen prepare --cells $common
# shellcheck disable=SC2086
frozen score $scoring $common
# shellcheck disable=SC2086
frozen compare $scoring --differ $common
# shellcheck disable=SC2086
frozen vote $common
# shellcheck disable=SC2086
frozen report ${scoring#--json } --browse $common
