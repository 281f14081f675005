# 2,000 records, three requests in ten go wrong in every way a server knows: nothing lost, nothing twice, order kept.
. "$RM_SOURCE/tests/cli/expect.bash"
server --fail 0.3 --seed 3
pairs 2000 >in.jsonl
ends 0 rm-judge -m "$url" -i in.jsonl -o out.jsonl
lines out.jsonl 2000
same <(jq -c 'del(.judgment)' in.jsonl) <(jq -c 'del(.judgment, .warnings)' out.jsonl)
none 'select(.judgment.verdict == null)' out.jsonl
served >stats
python3 - <<'P'
import json
stats = json.load(open("stats"))
twice = {d: n for d, n in stats["served"].items() if n != 1}
assert len(stats["served"]) == 2000, f"{len(stats['served'])} prompts were served"
# A slow or cut reply may have been sent whole for us to lose; nothing else is asked again.
assert not twice, f"asked again after a whole reply: {twice}"
assert stats["asked"] > 2500, stats["asked"]
assert stats["most"] <= 64, stats["most"]
P
# What a server refuses is that record's failure; the others are judged.
{ head -n 3 in.jsonl; echo '{"question":"#status=400 #say=no such thing","answer_a":"x","answer_b":"y"}'; tail -n 3 in.jsonl; } >mixed.jsonl
ends 1 rm-judge -m "$url" -i mixed.jsonl
lines out 7
[ "$(sed -n 4p out | jq -r .error.code)" = refused ]
[ "$(jq -r .error.line out | grep -v null)" = 4 ]
has err 'no such thing'
