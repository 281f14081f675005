# Hostile lines come out as failure records where they stood; the lines around them are still done. Exit 1.
. "$RM_SOURCE/tests/cli/expect.bash"
good() { judged 1; }
check() {  # check CODE: the bad line stands in the file `bad`
  { good; cat bad; good; } >in.jsonl
  ends 1 rm-judge --reparse -i in.jsonl
  lines out 3
  json out
  iconv -f UTF-8 -t UTF-8 out >/dev/null
  [ "$(sed -n 2p out | jq -r .error.code)" = "$1" ] || { echo "expected $1"; sed -n 2p out | head -c 500; exit 1; }
  [ "$(sed -n 2p out | jq -r .error.line)" = 2 ]
  for n in 1 3; do [ "$(sed -n ${n}p out | jq -r .judgment.verdict)" = A ]; done
  has err in.jsonl:2
  [ "$(wc -c <err)" -lt 2000 ]
}
bad() { printf "$1\n" >bad; check "$2"; }
bad '{"question": nope}' bad_json
bad '{"a":1} {"b":2}' bad_json
bad '{"a":1} trailing' bad_json
bad '"just text"' not_object
bad '[]' not_object
bad '{"a":"\\x01"}' bad_json
bad '{"a":"\x01"}' bad_json
bad '{"a":"\\ud800"}' bad_json
bad '{"a":"\xff\xfe"}' bad_utf8
bad '{"winner":"a","winner":"b"}' repeated_key
bad '{"a":1e400}' bad_json
bad '{"a":18446744073709551616}' bad_json
bad '{"a":NaN}' bad_json
bad '\xef\xbb\xbf{"a":1}' bad_json
bad '{"question":1,"answer_a":"x","answer_b":"y"}' wrong_type
bad '{"question":"q","answer_a":"x"}' missing_field
bad '{"question":"q","answer_a":"","answer_b":"y"}' empty
bad '{"question":"q","answer_a":"x","answer_b":"y","winner":"neither"}' bad_label
bad '{"prompt":[{"role":"wizard","content":"x"}],"chosen":"x","rejected":"y"}' bad_role
bad '{"prompt":"q","chosen":[],"rejected":"y"}' wrong_type
bad '{"prompt":"q","chosen":[],"rejected":[]}' empty
bad '{"prompt":"q","responses":["a","b",""]}' empty
bad '{"id":1}' no_shape
python3 - <<'PY'
open("deep33", "w").write('{"a":' + "[" * 33 + "]" * 33 + "}\n")
open("deep", "w").write('{"a":' + "[" * 1000000 + "\n")
open("name", "w").write('{"id":"../../x\\n\\u001b[31m' + "i" * 1000000 + '"}\n')
PY
cp deep33 bad; check too_deep
cp deep bad; check too_deep
cp name bad; check no_shape
if grep -q "$(printf '\033')" err; then echo "err holds an escape character"; exit 1; fi
{ printf '{"a":"'; head -c 67108864 /dev/zero | tr '\0' x; printf '"}\n'; } >bad
check line_too_long
[ "$(wc -c <out)" -lt 20000 ]
