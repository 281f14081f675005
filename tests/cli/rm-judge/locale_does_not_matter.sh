# The same bytes whatever the locale says.
. "$RM_SOURCE/tests/cli/expect.bash"
judged 5 | sed 's/"p_a":null/"p_a":0.25/' >in.jsonl
LC_ALL=C ends 0 rm-judge --reparse -i in.jsonl --temperature 0.5
cp out expected
for l in de_DE.UTF-8 tr_TR.UTF-8 ar_EG.UTF-8; do
  LC_ALL=$l ends 0 rm-judge --reparse -i in.jsonl --temperature 0.5
  same expected out
done
