# Records without a verdict count as asked, upstream's bug is reproduced on request only, and equal seeds give equal bytes.
. "$RM_SOURCE/tests/cli/expect.bash"
rm_bench b 6
rm-eval prepare rm-bench b/*.json | fake_judge --skill 0.8 --none 0.2 >judged.jsonl
value() { rm-eval score --partial --json "$@" judged.jsonl | jq .overall.value; }
wrong=$(value) chance=$(value --unparsed chance) drop=$(value --unparsed drop) bug=$(value --upstream-bug)
jq -en "$wrong < $chance and $chance < $drop and $bug != $wrong" >/dev/null
jq -e '.counts.no_verdict > 20' <(rm-eval score --partial --json judged.jsonl) >/dev/null
rm-eval score --partial --json judged.jsonl --seed 3 >one
rm-eval score --partial --json judged.jsonl --seed 3 >two
same one two
tac judged.jsonl | rm-eval score --partial --json --seed 3 >three
jq -c '[.overall.value, .figures[].value]' one >one.values
jq -c '[.overall.value, (.figures | sort_by(.name) | .[].value)] | length' three >/dev/null
[ "$(jq .overall.value one)" = "$(jq .overall.value three)" ]
rm-eval score --partial judged.jsonl --summary s.json -o table.txt
same <(jq -S . s.json) <(rm-eval score --partial --json judged.jsonl | jq -S .)
has table.txt "length-controlled accuracy"
rm-eval score --partial judged.jsonl --color always | grep -q $'\x1b\[1m'
hasnt table.txt $'\x1b'
pairs 3 | rm-eval prepare pairs | fake_judge >p.jsonl
ends 2 rm-eval score --upstream-bug p.jsonl
ends 2 rm-eval score judged.jsonl -o judged.jsonl --partial
