# Lines that cannot be read and failure records are counted and told; the exit code says so.
. "$RM_SOURCE/tests/cli/expect.bash"
pairs 6 | rm-eval prepare pairs | fake_judge --skill 1 >judged.jsonl
ends 0 rm-eval score judged.jsonl
{ cat judged.jsonl; echo '{"torn":'; echo '{"error":{"code":"bad_json","message":"","line":9,"text":"x"}}'; } >bad.jsonl
ends 1 rm-eval score --json bad.jsonl
jq -e '.counts.unreadable == 2 and .counts.records == 6' out >/dev/null
has err "bad.jsonl:7: "
has err "bad.jsonl:8: "
ends 3 rm-eval score --on-error stop bad.jsonl
jq -c 'del(.judgment) + {error: {code: "too_long", message: "", line: 1}}' judged.jsonl >failed.jsonl
ends 1 rm-eval score --json failed.jsonl
jq -e '.overall.value == 0 and .overall.n == 6 and .counts.failed == 6 and .overall.high > 0.3' out >/dev/null
echo '{"chosen":"x","rejected":"y","judgment":{"verdict":"A"}}' >none.jsonl
ends 3 rm-eval score none.jsonl
has err "prepare the pairs with rm-eval prepare"
ends 3 rm-eval score /nowhere
zstd -q judged.jsonl
ends 0 rm-eval score judged.jsonl.zst
