# What scripts of tests/cli share: sourced, not run. Every check prints what it saw when it fails.

# ends CODE COMMAND...: runs it, standard output in `out`, standard error in `err`.
ends() {
  local want=$1 rc=0
  shift
  "$@" >out 2>err || rc=$?
  [ "$rc" -eq "$want" ] && return
  echo "ended with $rc, expected $want: $*"
  head -c 2000 err
  exit 1
}

# has FILE TEXT: the file holds the text as it stands.
has() {
  grep -qF -- "$2" "$1" && return
  echo "$1 does not hold: $2"
  head -c 2000 "$1"
  exit 1
}

hasnt() {
  ! grep -qF -- "$2" "$1" && return
  echo "$1 holds: $2"
  exit 1
}

# same A B: byte for byte.
same() {
  cmp "$1" "$2" || { diff "$1" "$2" | head -c 2000; exit 1; }
}

lines() { [ "$(wc -l <"$1")" -eq "$2" ] || { echo "$1 has $(wc -l <"$1") lines, expected $2"; head -c 2000 "$1"; exit 1; }; }

# Every line of a file is valid JSON.
json() { jq -ce . "$1" >/dev/null || { echo "$1 is not JSON lines"; exit 1; }; }

# none FILTER FILE: the jq filter yields nothing on any line. A filter that fails is a failure.
none() {
  jq -c "$1" "$2" >hits || { echo "jq failed on $2: $1"; exit 1; }
  [ ! -s hits ] && return
  echo "$2 has what it must not: $1"
  head -c 2000 hits
  exit 1
}

skip() { echo "skipped: $*"; exit 77; }

# small_model: path of SmolLM2-135M in `model`; the script is skipped where it is missing.
small_model() {
  model=${RM_TEST_MODELS:-${XDG_DATA_HOME:-$HOME/.local/share}/rm-r1/models}/smollm2-135m-instruct-q4_1.gguf
  [ -e "$model" ] || skip "$model is not there (scripts/model.py smollm2-135m)"
}

# engine: the script is skipped where the build has no Torch object.
engine() { [ -e "$RM_BUILD/lib/rm-r1/librm_torch_cpu.so" ] || skip "this build has no Torch object"; }

# judged N: N judged records as a model would leave them, for --reparse; no model is asked.
judged() {
  local i
  for ((i = 1; i <= $1; i++)); do
    printf '{"id":%d,"question":"q%d","answer_a":"x","answer_b":"y","winner":"A","judgment":{"verdict":"B","preferred":"b","correct":false,"confidence":null,"votes":{"A":0,"B":1,"none":0},"consistent":null,"samples":[{"order":"ab","verdict":"B","reason":"ok","type":"chat","text":"<answer>[[A]]</answer>","reasoning":"","p_a":null,"finish_reason":"stop","usage":{"prompt_tokens":9,"completion_tokens":5}}],"model":"m","prompt_id":"p","seed":0}}\n' $i $i
  done
}

# pairs N: N short pairs of this project's own; every third names the winner.
pairs() {
  python3 - "$1" <<'PY'
import json, sys
topics = ["Why is the sky blue?", "What is 17 + 25?", "Name a prime above 100.", "How do I boil an egg?", "Translate 'good day' to French.",
          "Is the earth flat?", "Write a haiku about rain.", "What does a hash table do?"]
for i in range(int(sys.argv[1])):
    q = topics[i % len(topics)] + (" Answer in %d words." % (i + 3))
    r = {"id": i, "question": q, "answer_a": "I think " + "really " * (i % 7) + "so.", "answer_b": "It depends on item %d." % i}
    if i % 3 == 0:
        r["winner"] = "A"
    if i % 5 == 4:
        r = {"id": i, "prompt": q, "chosen": r["answer_a"], "rejected": r["answer_b"]}
    print(json.dumps(r))
PY
}

# server FLAGS...: a scripted OpenAI-compatible server on loopback; its base in `url`, its counts from served(). Ends with the script.
server() {
  coproc SERVER { exec python3 "$RM_SOURCE/tests/cli/scripted_server.py" "$@" 2>server.log; }
  read -r port <&"${SERVER[0]}"
  export url=http://127.0.0.1:$port/v1
}
served() { python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())' "http://127.0.0.1:$port/stats"; }

# fake_judge FLAGS...: judged records by a judge of known skill, through rm-judge --reparse; no model is asked.
fake_judge() { python3 "$RM_SOURCE/tests/cli/fake_judge.py" "$@" | rm-judge --reparse; }

# rm_bench FOLDER N: files of RM-Bench's form with N items a domain, of this project's own.
rm_bench() {
  mkdir -p "$1"
  python3 - "$1" "$2" <<'PY'
import json, sys
folder, n = sys.argv[1], int(sys.argv[2])
for domain in ("chat", "math", "code", "safety-refuse", "safety-response"):
    items = [{"id": i, "subset": "own", "prompt": f"{domain} question {i}?",
              "chosen": [f"Yes {i}.", f"Yes, because {i} is so. " * 3, f"## Yes\n\n- **because** {i}\n- is so"],
              "rejected": [f"No {i}.", f"No, as {i} is not. " * 2, f"## No\n\n- **as** {i}\n- is not"]} for i in range(n)]
    json.dump(items, open(f"{folder}/{domain}.json", "w"), indent=1)
PY
}

# flags_in_page PROGRAM VERB...: the man page of the program and its --help (of every verb) name the same flags.
flags_in_page() {
  local page=$RM_SOURCE/man/$1.1 program=$1 verb
  shift
  command -v mandoc >/dev/null || skip "no mandoc"
  if [ $# -eq 0 ]; then "$program" --help; else for verb in "$@"; do "$program" "$verb" --help; done; fi |
    grep -oE '^  (-[a-z],)?--?[a-z-]+' | tr -d ' ' | tr ',' '\n' | sort -u >in_help
  [ -s in_help ] || { echo "--help names no flags"; exit 1; }
  mandoc -T ascii "$page" | sed 's/.\x08//g' >page.txt
  grep -oE '^ {2,12}-[-a-z].*' page.txt | grep -oE '(^|[ ,|])--?[a-z][a-z-]*' | tr -d ' ,|' | sort -u >in_page
  comm -23 in_help in_page >missing
  [ ! -s missing ] || { echo "not in the man page:"; cat missing; exit 1; }
  comm -13 in_help in_page >unknown
  [ ! -s unknown ] || { echo "not in --help:"; cat unknown; exit 1; }
}

# The flags that programs share, in the order of --help.
common_flags="-i,--in -o,--out --map --on-error --seed --summary --dry-run --quiet --color"
model_flags="-m,--model --api-model --timeout --max-inflight --emit-batch --from-batch --adapter --device --dtype --threads --batch --draft --context
  --deterministic --temperature --top-p --max-tokens --form --prompt --chat"
length_flags="--resume --shard --shard-by"

# flags_are "PROGRAM [VERB]" FLAG...: --help names these and no others, in this order; --version and --help follow by themselves.
flags_are() {
  local command=$1
  shift
  # shellcheck disable=SC2086
  $command --help | grep -oE '^  (-[a-z],)?--?[a-z-]+' | tr -d ' ' >found
  printf '%s\n' "$@" --version --help >expected
  same expected found
}

# survives_kills WANT KILLS SHARE CUT COMMAND...: kill -9 at so many random moments within the first SHARE of a run, each followed by
# --resume, and the file that COMMAND -o part.jsonl makes is a prefix of WANT each time and WANT in the end. A run that gets through is
# cut at a random place within CUT bytes.
survives_kills() {
  local want=$1 wanted=$2 share=$3 cut=$4 kills=0 tries=0 start whole rc pid seed=${RM_TEST_SEED:-$$}
  shift 4
  echo "RM_TEST_SEED=$seed"
  RANDOM=$seed
  start=$(date +%s%N)
  ends 0 "$@" -o part.jsonl
  whole=$(($(date +%s%N) - start))
  same "$want" part.jsonl
  : >part.jsonl
  while [ $kills -lt "$wanted" ] && [ $tries -lt $((10 * wanted)) ]; do
    tries=$((tries + 1))
    "$@" -o part.jsonl --resume &
    pid=$!
    sleep "$(awk "BEGIN { printf \"%.3f\", $whole / 1e9 * $share * $RANDOM / 32768 }")"
    kill -KILL $pid 2>/dev/null || true
    rc=0; wait $pid 2>/dev/null || rc=$?
    [ $rc -eq 137 ] && kills=$((kills + 1))
    [ $rc -eq 137 ] || [ $rc -eq 0 ] || { echo "ended with $rc"; exit 1; }
    head -c "$(wc -c <part.jsonl)" "$want" >prefix
    same prefix part.jsonl
    if [ $rc -eq 0 ]; then same "$want" part.jsonl; head -c $((RANDOM % cut)) "$want" >part.jsonl; fi
  done
  [ $kills -eq "$wanted" ] || { echo "only $kills kills of $*"; exit 1; }
  ends 0 "$@" -o part.jsonl --resume
  same "$want" part.jsonl
}

# stops_on_signals INPUT COMMAND...: TERM ends COMMAND PIPE, which waits for a producer that sent INPUT, with 75 and INT with 130;
# neither prints anything.
stops_on_signals() {
  local input=$1 signal pid rc
  shift
  for signal in TERM:75 INT:130; do
    mkfifo pipe
    "$@" pipe >out 2>err &
    pid=$!
    exec 3>pipe
    cat "$input" >&3
    sleep 0.3
    kill -"${signal%:*}" $pid
    rc=0
    wait $pid || rc=$?
    exec 3>&-
    [ $rc = "${signal#*:}" ] || { echo "$signal: ended with $rc"; cat err; exit 1; }
    [ ! -s out ] || { echo "$signal: wrote"; cat out; exit 1; }
    rm pipe
  done
}
