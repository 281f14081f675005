# The gym's pairs are balanced, repeat and never meet in two splits; its teacher, who sees no label, is right about all of them in few words.
. "$RM_SOURCE/tests/cli/expect.bash"
gym=$RM_SOURCE/examples/gym
make=(python3 "$gym/make_pairs.py" --sft 144 --rl 612 --tune 54 --held 234 --kinds fact,who,more,even,sum,word,count,form,more)
ends 0 "${make[@]}" --seed 5 --out one --check
hasnt out '<--'
ends 0 "${make[@]}" --seed 5 --out two
ends 0 "${make[@]}" --seed 6 --out three
for name in sft rl tune held; do
  same "one/$name.jsonl" "two/$name.jsonl"
  ! cmp -s "one/$name.jsonl" "three/$name.jsonl"
done
ends 1 "${make[@]}" --out four --held 3
has err 'even number'
ends 1 "${make[@]}" --out four --kinds form --held 40000
has err 'ask for fewer'

# Counted here again: each answer is chosen as often as rejected, and splits share neither records nor templates, names or words.
python3 - <<'P'
import collections, json, re
splits = {n: [json.loads(l) for l in open(f"one/{n}.jsonl")] for n in ("sft", "rl", "tune", "held")}
assert [len(r) for r in splits.values()] == [144, 612, 54, 234]
for name, records in splits.items():
    assert collections.Counter(r["chosen"] for r in records) == collections.Counter(r["rejected"] for r in records), name
    assert len({(r["prompt"], r["chosen"], r["rejected"]) for r in records}) == len(records), name
    assert len(collections.Counter(r["kind"] for r in records)) == 8, name
    assert all(set(r["says"]) == {r["chosen"], r["rejected"]} for r in records), name
key = lambda records, f: {f(r) for r in records}
assert not key(splits["sft"], lambda r: (r["prompt"], r["chosen"], r["rejected"])) & key(splits["rl"], lambda r: (r["prompt"], r["chosen"], r["rejected"]))
train = splits["sft"] + splits["rl"]
for x, y in ((train, splits["tune"]), (train, splits["held"]), (splits["tune"], splits["held"])):
    assert not key(x, lambda r: r["template"]) & key(y, lambda r: r["template"])
    assert not key(x, lambda r: r["prompt"]) & key(y, lambda r: r["prompt"])
    owners = lambda records: {w.split()[0] for r in records if r["kind"] in ("who", "more", "even") for w in r["says"].values()}
    assert not owners(x) & owners(y)
    words = lambda records: {w for r in records if r["kind"] == "word" for w in r["says"].values()}
    assert not words(x) & words(y)
P

# Every chain is kept, also by the strict rule, and what the student sees holds nothing of the teacher's fields.
ends 0 rm-distill mix one/sft.jsonl one/held.jsonl -o pairs.jsonl
teach=(rm-distill teach -i pairs.jsonl --prompt "$gym/prompt.json" --api-model rule --filter strict)
ends 0 "${teach[@]}" --emit-batch requests.jsonl
ends 0 python3 "$gym/teacher.py" pairs.jsonl requests.jsonl
mv out results.jsonl
ends 0 "${teach[@]}" --from-batch results.jsonl -o chains.jsonl
lines chains.jsonl 378
none 'select(.chain.status != "kept" or (.response | length) > 120)' chains.jsonl
none 'select((.messages | map(.content) | join("\n")) as $shown | .step as $step | .kind == "sum" and ($shown | contains($step)))' chains.jsonl
# A request that belongs to no pair is named.
ends 1 python3 "$gym/teacher.py" one/sft.jsonl requests.jsonl
has err 'no record of one/sft.jsonl makes this prompt'
