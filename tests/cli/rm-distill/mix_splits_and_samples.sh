# Split, caps, weights, de-duplication and decontamination through files a person can follow.
. "$RM_SOURCE/tests/cli/expect.bash"
for s in x y; do for i in {1..300}; do printf '{"prompt":"%s %d","chosen":"good %d","rejected":"bad"}\n' $s $((i % 150)) "$i"; done >$s.jsonl; done
ends 0 rm-distill mix x.jsonl y.jsonl --split part=0.3 --rest rest.jsonl.zst -o part.jsonl --summary s.json
zstd -qd rest.jsonl.zst
[ "$(cat part.jsonl rest.jsonl | wc -l)" = 600 ]
[ "$(jq -r .prompt part.jsonl | sort -u | comm -12 - <(jq -r .prompt rest.jsonl | sort -u) | wc -l)" = 0 ]
n=$(wc -l <part.jsonl)
if [ "$n" -lt 120 ] || [ "$n" -gt 240 ]; then echo "$n of 600 for 0.3"; exit 1; fi
for f in part rest; do
  a=$(jq -r .winner $f.jsonl | grep -c A) b=$(jq -r .winner $f.jsonl | grep -c B)
  [ $(((a - b) * (a - b))) -le 1 ]
done
[ "$(jq -r .winner part.jsonl rest.jsonl | sort | uniq -c | tr -s ' ' | tr -d '\n')" = " 300 A 300 B" ]
[ "$(jq -c '[.split, .out.pairs + .rest.pairs]' s.json)" = '["part",600]' ]
# A side stays as it is when another source is added.
ends 0 rm-distill mix x.jsonl --split part=0.3 --rest rest2.jsonl -o part2.jsonl
jq -r .prompt part2.jsonl | sort -u >of_x
jq -r .prompt part.jsonl | grep ^x | sort -u | cmp - of_x
ends 0 rm-distill mix x.jsonl y.jsonl --cap 50 --cap y=7 --dedup prompt -o capped.jsonl
[ "$(jq -r .mix.source capped.jsonl | sort | uniq -c | tr -s ' ' | tr -d '\n')" = " 50 x 7 y" ]
ends 0 rm-distill mix x.jsonl y.jsonl --weight x=3 -o weighted.jsonl
[ "$(jq -r .mix.source weighted.jsonl | sort | uniq -c | tr -s ' ' | tr -d '\n')" = " 300 x 100 y" ]
# A conditioned field inside a field; a condition that excludes nothing is named.
printf '{"prompt":"p","chosen":"a","rejected":"b","m":{"lang":["de","en"],"n":3}}\n' >m.jsonl
for c in m.lang.0=de m.n=3 m.n!=4 absent!=x; do
  ends 0 rm-distill mix m.jsonl --exclude $c
  [ ! -s out ]
done
ends 0 rm-distill mix m.jsonl --exclude m=3 --exclude m.lang.0=DE
lines out 1
has err "--exclude m.lang.0=DE excluded nothing"
# Benchmark items: as a list, as lines, as conversations; named with their share.
printf '[{"id":1,"prompt":"How many legs has a spider that lost two of its legs?","chosen":["6"],"rejected":["8"]}]' >bench.json
printf '{"prompt":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},{"role":"user","content":"Sing a song about the sea and the ships on it"}]}\n' >bench.jsonl
cat >c.jsonl <<'J'
{"prompt":"Please: HOW many legs has a spider, that lost two of its legs?","chosen":"6","rejected":"8"}
{"prompt":"How many legs has a spider?","chosen":"8","rejected":"6"}
{"prompt":"sing a song about the sea and the ships on it","chosen":"la","rejected":"no"}
{"prompt":"Nothing of that.","chosen":"How many legs has a spider that lost two of its legs?","rejected":"no"}
J
ends 0 rm-distill mix c.jsonl --decontaminate bench.json --decontaminate bench.jsonl --summary s.json
[ "$(jq -r .mix.line out | sort | tr -d '\n')" = 24 ]
has err "c.jsonl:1: left out: 100 % of item 1 of bench.json"
has err "c.jsonl:3: left out: 92 % of item 1 of bench.jsonl"
[ "$(jq -c '[.contaminated, .decontamination.files[].contaminated]' s.json)" = '[2,1,1]' ]
# Counts alone.
ends 0 rm-distill mix c.jsonl --dry-run -o never.jsonl
[ "$(jq .kept out)" = 4 ]
[ ! -e never.jsonl ]
