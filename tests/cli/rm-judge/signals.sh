# TERM and USR1: whole lines, exit 75; INT: 130. Then --resume ends with the bytes of an undisturbed run.
. "$RM_SOURCE/tests/cli/expect.bash"
judged 300 >in.jsonl
rm-judge --reparse -i in.jsonl >expected
for signal in TERM:75 USR1:75 INT:130; do
  rm -f pipe part.jsonl
  mkfifo pipe
  (head -100 in.jsonl; sleep 20) >pipe &
  producer=$!
  # A background job of a script ignores INT; a new session of its own does not.
  python3 -c 'import os,signal,sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])' \
    rm-judge --reparse -i pipe -o part.jsonl 2>err &
  judge=$!
  for _ in $(seq 50); do [ "$(wc -l <part.jsonl 2>/dev/null || echo 0)" -ge 100 ] && break; sleep 0.1; done
  kill -s "${signal%:*}" $judge
  rc=0; wait $judge || rc=$?
  kill $producer; wait $producer || true
  [ $rc -eq "${signal#*:}" ] || { echo "$signal: ended with $rc"; cat err; exit 1; }
  [ -z "$(tail -c 1 part.jsonl)" ]
  ends 0 rm-judge --reparse -i in.jsonl -o part.jsonl --resume
  same expected part.jsonl
done
