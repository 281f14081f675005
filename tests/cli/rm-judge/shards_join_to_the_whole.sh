# Outputs of shards 1..N joined in order are the output of the whole; by hash they are the same lines.
. "$RM_SOURCE/tests/cli/expect.bash"
{ judged 101; echo '{broken'; } >in.jsonl
ends 1 rm-judge --reparse -i in.jsonl
cp out whole
for n in 1 2 3 7 200; do
  : >joined
  for ((i = 1; i <= n; i++)); do
    rm-judge --reparse -i in.jsonl --shard $i/$n >>joined 2>/dev/null || [ $? -eq 1 ]
  done
  same whole joined
done
: >joined
for i in 1 2 3; do rm-judge --reparse --shard $i/3 --shard-by hash <in.jsonl >>joined 2>/dev/null || [ $? -eq 1 ]; done
sort whole >a; sort joined >b; same a b
ends 2 rm-judge --reparse --shard 1/3 <in.jsonl
export SLURM_ARRAY_TASK_ID=6 SLURM_ARRAY_TASK_MIN=5 SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_COUNT=3
rm-judge --reparse -i in.jsonl --shard 2/3 >expected 2>/dev/null || true
rm-judge --reparse -i in.jsonl --shard slurm >got 2>/dev/null || true
same expected got
