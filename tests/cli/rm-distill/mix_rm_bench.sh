# RM-Bench's own pairs are all contaminated by RM-Bench, and none is under another prompt.
. "$RM_SOURCE/tests/cli/expect.bash"
bench=${RM_SHARED:-$RM_SOURCE/../shared/data}/rm-bench
[ -d "$bench" ] || skip "no $bench (set RM_SHARED)"
for f in "$bench"/*.json; do rm-eval prepare rm-bench "$f"; done >pairs.jsonl
n=$(wc -l <pairs.jsonl)
ends 0 rm-distill mix pairs.jsonl --decontaminate "$bench" --summary s.json
[ ! -s out ]
[ "$(jq .contaminated s.json)" = "$n" ]
jq -c '.prompt = .bench.item + " of our own, and on nothing that they ask about"' pairs.jsonl >bare.jsonl
ends 0 rm-distill mix bare.jsonl --decontaminate "$bench"
lines out "$n"
