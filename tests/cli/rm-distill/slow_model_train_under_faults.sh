# Whatever call on its folder fails, or whenever between two of them a run is killed: it ends with 5 and names a file, or was able to do
# without; and --resume goes on to the weights, texts and figures of an undisturbed run.
. "$RM_SOURCE/tests/cli/train.bash"
tiny
chains 50 >chains.jsonl
run="$train --save-every 4 --val 0.2 --val-every 4"
$run -o whole
figures whole >figures_whole
cat >check.sh <<CHECK
set -e
. "$RM_SOURCE/tests/cli/train.bash"
case \$RM_EXIT in
  0) ;;
  5) grep -q '^rm-distill: .*part' "\$RM_STDERR" || { echo "names no file"; exit 1; } ;;
  -9) ;;
  *) echo "ended with \$RM_EXIT"; exit 1 ;;
esac
[ "\$RM_EXIT" = 0 ] || $run -o part --resume
cmp whole/model.safetensors part/model.safetensors
cmp whole/config.json part/config.json
cmp whole/tokenizer.json part/tokenizer.json
figures part | cmp - figures_whole
CHECK
python3 "$RM_SOURCE/tests/fault/each_syscall.py" --shim "$RM_BUILD/tests/librm_fault_shim.so" --path part/ --cap 6 --faults EIO,KILL \
  --before 'rm -rf part' --check 'bash check.sh' -- $run -o part
