# --help and --version go to standard output and need nothing that takes time to load.
. "$RM_SOURCE/tests/cli/expect.bash"
ends 0 rm-judge --help
has out 'rm-judge -q "Why is the sky blue?"'
[ ! -s err ]
ends 0 rm-judge --version
grep -qE '^rm-judge [0-9]+\.[0-9]+\.[0-9]+$' out
ends 0 rm-judge --nonsense --help
if ldd "$(command -v rm-judge)" | grep -i torch; then echo "rm-judge is linked with LibTorch"; exit 1; fi
rc=0; rm-judge --help >/dev/full 2>err || rc=$?
[ $rc -eq 5 ]
