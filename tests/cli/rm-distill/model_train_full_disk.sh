# A disk that is full, a limit on file sizes, and every call of a save that fails end a run with 5 and a file's name. The checkpoint before
# is whole, and once there is room --resume goes on to the bits of a run that knew nothing of it.
. "$RM_SOURCE/tests/cli/train.bash"
tiny
chains 40 >chains.jsonl
run="$train --save-every 4"
ends 0 $run -o whole
limited() { (ulimit -f "$1"; shift; exec "$@"); }  # in KiB; bash counts in units of 1024 bytes

# Fewer bytes than a checkpoint has: none is there, and nothing that looks like one.
ends 5 limited 4000 $run -o part
has err "part/checkpoints/step-00000004"
has err "File too large"
[ -z "$(ls part/checkpoints)" ]
[ ! -e part/model.safetensors ]
ends 0 $run -o part --resume
same_run whole part

# A save that fails, the second of three: the first is there. Each kind of call, and a disk that is full from some call on.
fault() {
  LD_PRELOAD=$RM_BUILD/tests/librm_fault_shim.so RM_FAULT=$1 RM_FAULT_PATH=step-00000008 "${@:2}"
}
for what in write:1+:ENOSPC fsync:2:EIO rename:1:EIO; do
  rm -rf part
  ends 5 fault "$what" $run -o part
  has err "part/checkpoints/step-00000008"
  [ "$(newest part)" = part/checkpoints/step-00000004 ]
  ends 0 ${run/--quiet/} -o part --resume
  has err "step 4 of 12"
  same_run whole part
done

# Metrics and summary. A checkpoint is not written before the figures of its steps are on the disk.
ends 5 $run -o full --metrics /dev/full
has err /dev/full
ends 5 env LD_PRELOAD="$RM_BUILD/tests/librm_fault_shim.so" RM_FAULT=fsync:1:EIO RM_FAULT_PATH=figures/metrics.jsonl $run -o figures
has err "figures/metrics.jsonl: cannot sync"
[ -z "$(ls figures/checkpoints 2>/dev/null)" ]
ends 0 $run -o full --resume --metrics m.jsonl
same whole/model.safetensors full/model.safetensors
ends 5 $run -o summary --summary missing/s.json
has err missing/s.json
same whole/model.safetensors summary/model.safetensors

# The model itself: more than a checkpoint's file would not have failed before. What was there stays no model.
rm -rf part
ends 5 env LD_PRELOAD="$RM_BUILD/tests/librm_fault_shim.so" RM_FAULT=write:1+:ENOSPC RM_FAULT_PATH=part/model.safetensors $run -o part
has err part/model.safetensors
[ ! -e part/model.safetensors ]
ends 0 $run -o part --resume
same_run whole part

# A tmpfs of 30 MB, for those who may mount one: there is room for one checkpoint, and not for the next beside it.
[ "$(id -u)" = 0 ] || exit 0
mkdir small
mount -t tmpfs -o size=30m tmpfs small 2>/dev/null || exit 0
trap 'umount "$PWD/small"' EXIT
ends 5 $run -o small/part
has err "small/part/checkpoints/step-00000008"
has err "No space left on device"
[ "$(newest small/part)" = small/part/checkpoints/step-00000004 ]
mount -o remount,size=200m small
ends 0 $run -o small/part --resume
same_run whole small/part
