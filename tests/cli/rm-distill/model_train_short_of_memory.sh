# Under a limit on the address space (ulimit -v) a run that has too little refuses before it begins, with 6 and what it needs; one that is
# told to run more tokens at once than there is room for halves them and goes on, to the same losses but for rounding. Whatever the limit,
# it ends with 0 or 6.
. "$RM_SOURCE/tests/cli/train.bash"
tiny --hidden 64 --layers 16
python3 - >chains.jsonl <<'PY'
import json
for i in range(8):
    print(json.dumps({"messages": [{"role": "user", "content": f"Which is better, {i}? " + "word " * 460}],
                      "response": f"It is item {i}: <answer>[[{'AB'[i % 2]}]]</answer>"}))
PY
run="rm-distill train -m tiny -i chains.jsonl --batch-size 8 --lr 1e-2 --warmup 0 --threads 1 --dtype f32 --pass-tokens 8192 --save-every 0"
ends 0 $run -o free
jq -c .loss free/metrics.jsonl >losses

# under KIB: runs with so much, standard error in `err`; sets `rc` and `halved`.
declare -i halvings=0 refusals=0
under() {
  rm -rf part
  rc=0
  (ulimit -v "$1"; exec $run -o part 2>err) || rc=$?
  [ $rc = 0 ] || [ $rc = 6 ] || { echo "with $1 KiB it ended with $rc"; tail -3 err; exit 1; }
  halved=$(grep -c "memory ran out; the step begins again with passes of at most" err) || true
  if [ $rc = 6 ]; then
    refusals+=1
    grep -q "not enough memory while\|needs .* that are free .* can be used" err || { cat err; exit 1; }
    return
  fi
  [ "$halved" = 0 ] || halvings+=1
  paste losses <(jq -c .loss part/metrics.jsonl) |
    awk -v limit="$1" '{ d = ($1 - $2) / $1; if (d < 0) d = -d; if (d > 1e-5) { print limit " KiB: losses", $1, $2; bad = 1 } } END { exit bad }'
}

under 200000
[ $rc = 6 ]
has err "chains to learn"
has err "logits         288.0 MiB"
has err "training on one chain of "
has err "that are free"
[ ! -e part/metrics.jsonl ]

# Where the run just goes through, and below that.
low=300000 high=1500000
under $high
[ "$rc $halved" = "0 0" ]
while [ $((high - low)) -gt 30000 ]; do
  middle=$(((low + high) / 2))
  under $middle
  if [ "$rc $halved" = "0 0" ]; then high=$middle; else low=$middle; fi
done
for less in 20000 32000 44000 56000; do under $((high - less)); done
echo "from $high KiB on it goes through; below, $halvings runs halved their passes and went on, $refusals were refused"
[ $halvings -gt 0 ]
[ $refusals -gt 0 ]
