# Lines that are no labelled pairs come out last as failures, counted; a source or benchmark that holds none ends with 3.
. "$RM_SOURCE/tests/cli/expect.bash"
good='{"prompt":"q%d","chosen":"c","rejected":"r"}\n'
{
  # shellcheck disable=SC2059
  printf "$good" 1
  printf '{"torn":\n[1,2]\n{"prompt":"p","chosen":"x"}\n{"prompt":"p","answer_a":"x","answer_b":"y","winner":"tie"}\n'
  printf '{"prompt":"p","answer_a":"x","answer_b":"y"}\n{"prompt":"p","chosen":7,"rejected":"y"}\n'
  printf '{"context_messages":[{"role":"user","content":"x"}],"winner":"model_a"}\n'
  printf '{"prompt":"\xff","chosen":"x","rejected":"y"}\n{"prompt":"p","prompt":"q","chosen":"x","rejected":"y"}\n'
  printf '{"prompt":"p","full_chosen":"","full_rejected":"y"}\n{"prompt":"p","full_chosen":"x","full_rejected":["y"]}\n'
  printf '%s{}%s\n' "$(printf '{"a":%.0s' {1..40})" "$(printf '}%.0s' {1..40})"
  # shellcheck disable=SC2059
  printf "$good" 2
} >bad.jsonl
ends 1 rm-distill mix bad.jsonl --summary s.json
mv out mixed.jsonl
lines mixed.jsonl 14
json mixed.jsonl
[ "$(head -n 2 mixed.jsonl | jq -r .winner | tr -d '\n')" = AB ]
tail -n 12 mixed.jsonl | jq -r .error.code >codes
printf '%s\n' bad_json not_object missing_field tied no_label wrong_type rendered_order bad_utf8 repeated_key empty wrong_type too_deep >expected
same expected codes
[ "$(jq -c '[.seen, .kept, .failed, .skipped]' s.json)" = '[14,2,12,0]' ]
has err "bad.jsonl:2"
ends 1 rm-distill mix bad.jsonl --on-error skip
lines out 2
ends 3 rm-distill mix bad.jsonl --on-error stop
has err "bad.jsonl:2"
# None of the wanted columns: the message names those there are.
for n in 1 500; do
  yes '{"text":"abc","label":3}' | head -n $n >odd.jsonl || true
  ends 3 rm-distill mix bad.jsonl odd.jsonl
  has err "odd.jsonl: is no source of pairs"
  has err "fields seen: text, label"
  [ ! -s out ]
done
[ "$(grep -c 'odd.jsonl' err)" -lt 105 ]
ends 3 rm-distill mix nowhere.jsonl
has err nowhere.jsonl
# A benchmark that cannot be read must not pass for one that was.
printf '[{"text":"abc"}]' >bench.json
ends 3 rm-distill mix bad.jsonl --decontaminate bench.json
has err "bench.json:1"
printf '[]' >empty.json
ends 3 rm-distill mix bad.jsonl --decontaminate empty.json
has err "holds no items"
mkdir folder
ends 3 rm-distill mix bad.jsonl --decontaminate folder
# A frame that was cut.
zstd -q bad.jsonl -o bad.zst
head -c 100 bad.zst >cut.zst
ends 3 rm-distill mix cut.zst
# Weights that cannot be met.
# shellcheck disable=SC2059
printf "$good" 9 >ok.jsonl
ends 3 rm-distill mix bad.jsonl ok.jsonl --exclude prompt=q9 --weight ok=2
has err "weights cannot be met"
# No records at all are no error.
: >none.jsonl
ends 0 rm-distill mix none.jsonl
[ ! -s out ]
# Any bytes: every line is accounted for, and what comes out is JSON.
python3 - >mutated.jsonl <<'PY'
import json, random, sys
r = random.Random(3)
for i in range(900):
    line = bytearray(json.dumps({"prompt": "q%d é 天" % i, "chosen": "c" * r.randint(1, 30), "rejected": "r", "x": [1, {"y": "\\\"z"}]}, ensure_ascii=i % 2 == 0).encode())
    for _ in range(r.randint(0, 3)):
        at = r.randrange(len(line))
        line[at:at + r.randint(0, 2)] = bytes([r.choice(b'"\\{}[],:\x00\x7f\xff' + bytes([r.randrange(256)]))])
    sys.stdout.buffer.write(bytes(line).replace(b"\n", b"") + b"\n")
PY
ends 1 rm-distill mix mutated.jsonl --exclude x.1.y=z --dedup pair --split a=0.5 --rest rest.jsonl --summary s.json --quiet
mv out first.jsonl
json first.jsonl
json rest.jsonl
[ "$(jq '.seen == .kept + .excluded + .duplicates + .failed and .seen == 900 and .failed > 100 and .kept > 100' s.json)" = true ]
[ "$(cat first.jsonl rest.jsonl | wc -l)" = "$(jq '.kept + .failed' s.json)" ]
