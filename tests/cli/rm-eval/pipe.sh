# prepare | judge | score is one pipe, for pairs in every style and for answers in groups; a judge that is always right scores 100.
. "$RM_SOURCE/tests/cli/expect.bash"
rm_bench b 4
rm-eval prepare rm-bench b/*.json | fake_judge --skill 1 | rm-eval score --partial --json >right.json 2>err
[ "$(jq .overall.value right.json)" = 1 ] || { cat right.json; exit 1; }
jq -e '.counts.records == 180 and .counts.items == 20 and .partial' right.json >/dev/null
rm-eval prepare rm-bench b/chat.json --cells hard | fake_judge --skill 0 | rm-eval score --partial --json >wrong.json
jq -e '.overall.value == 0 and .counts.records == 12 and (.figures | map(.name) == ["chat", "hard"])' wrong.json >/dev/null
rm-eval prepare rm-bench b/*.json | rm-eval score --partial >out 2>err && exit 1
has err "has no judgment; run rm-judge on it"
