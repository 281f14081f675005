# Verdicts are read again from stored traces; only the judgment changes.
. "$RM_SOURCE/tests/cli/expect.bash"
judged 1 >in.jsonl
ends 0 rm-judge --reparse -i in.jsonl
[ "$(jq -c '[.judgment.verdict,.judgment.preferred,.judgment.correct,.judgment.votes.A]' out)" = '["A","a",true,1]' ]
[ "$(jq -c 'del(.judgment)' out)" = "$(jq -c 'del(.judgment)' in.jsonl)" ]
rm-judge --reparse -i in.jsonl >once; rm-judge --reparse <once >twice; same once twice
sed 's/<answer>\[\[A\]\]<.answer>/it is [[B]]/' in.jsonl >loose.jsonl
ends 0 rm-judge --reparse -i loose.jsonl
[ "$(jq -c '[.judgment.verdict,.judgment.samples[0].reason]' out)" = '[null,"no_verdict"]' ]
ends 0 rm-judge --reparse --verdict rewardbench -i loose.jsonl
[ "$(jq -c .judgment.verdict out)" = '"B"' ]
