# --help and --version of the program and of every verb print to standard output and end with 0.
. "$RM_SOURCE/tests/cli/expect.bash"
for verb in "" prepare score compare vote report; do
  # shellcheck disable=SC2086
  ends 0 rm-eval $verb --help
  has out Examples:
  [ ! -s err ]
  # shellcheck disable=SC2086
  ends 0 rm-eval $verb --version
  has out "rm-eval"
done
