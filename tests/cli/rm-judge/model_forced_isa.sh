# RM_ISA chooses the kernels of the CPU; a name that cannot run here ends with 2 and lists those that can.
. "$RM_SOURCE/tests/cli/expect.bash"
small_model; engine
RM_ISA=z80 ends 2 rm-judge -m "$model" --device cpu -q x -a y -b z --max-tokens 2
has err 'RM_ISA is "z80"'
has err scalar
[ "$(wc -l <err)" -eq 1 ]
grep -qw avx2 err || skip 'this machine has the scalar kernels alone, which take minutes'
RM_ISA=avx2 ends 0 rm-judge -m "$model" --device cpu -q x -a y -b z --max-tokens 2
