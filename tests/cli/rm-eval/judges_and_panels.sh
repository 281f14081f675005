# Judges on the same items in any order, where they differ, three as a panel; other items are refused by name.
. "$RM_SOURCE/tests/cli/expect.bash"
rm_bench b 8
rm-eval prepare rm-bench b/*.json -o pairs.jsonl
for seed in 1 2 3; do fake_judge --skill 0.8 --seed $seed <pairs.jsonl >$seed.jsonl; done
ends 0 rm-eval compare --partial --json 1.jsonl 2.jsonl 3.jsonl
jq -e '.comparisons | length == 2 and (.[0] | (.of_second.value - .of_first.value - .difference.value | fabs) < 1e-12 and
  .p_holm >= .p and .difference.low <= .difference.value and .kappa.value < 1)' out >/dev/null
ends 0 rm-eval compare --partial 1.jsonl 2.jsonl --differ differ.jsonl
! grep -v '^partial' out
json differ.jsonl
n=$(rm-eval compare --partial --json 1.jsonl 2.jsonl | jq '.comparisons[0] | .only_first + .only_second')
lines differ.jsonl "$n"
ends 0 rm-eval compare --partial 1.jsonl 1.jsonl --json
jq -e '.comparisons[0] | .difference.value == 0 and .p == 1 and .agreement.value == 1 and .kappa.value == 1' out >/dev/null
tac 2.jsonl >2.turned.jsonl
same <(rm-eval compare --partial --json 1.jsonl 2.jsonl | jq '.comparisons[0].table') <(rm-eval compare --partial --json 1.jsonl 2.turned.jsonl | jq '.comparisons[0].table')
sed 1d 2.jsonl >short.jsonl
ends 3 rm-eval compare --partial 1.jsonl short.jsonl
has err 'short.jsonl: the items are not those of the first file: item "0" of "chat", cell 0 is only in the first'
ends 3 rm-eval compare 1.jsonl 2.jsonl
has err "1.jsonl: subset chat: 8 of 129 items"
ends 0 rm-eval vote 1.jsonl 2.jsonl 3.jsonl -o panel.jsonl
lines panel.jsonl 360
same <(jq -c 'del(.judgment)' panel.jsonl) pairs.jsonl
jq -e '.judgment | (.votes | .A + .B == 3) and (.samples | length == 3) and .model == "fake-1 + fake-2 + fake-3"' panel.jsonl >all
! grep -v true all
one=$(rm-eval score --partial --json 1.jsonl | jq .overall.value) panel=$(rm-eval score --partial --json panel.jsonl | jq .overall.value)
jq -en "$panel > $one" >/dev/null
ends 3 rm-eval vote 1.jsonl 2.turned.jsonl
has err "must hold the same records in the same order"
ends 3 rm-eval vote 1.jsonl short.jsonl
sed '2s/.*/{"torn":/' 1.jsonl >torn.jsonl
ends 1 rm-eval vote torn.jsonl 2.jsonl
lines out 360
ends 2 rm-eval vote 1.jsonl
ends 2 rm-eval compare 1.jsonl
