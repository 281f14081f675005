# Compression is recognised by content on the way in and chosen by the name on the way out.
. "$RM_SOURCE/tests/cli/expect.bash"
command -v zstd >/dev/null || skip "no zstd"
judged 50 >plain.jsonl
ends 0 rm-judge --reparse -i plain.jsonl
cp out expected
zstd -q <plain.jsonl >named.jsonl
ends 0 rm-judge --reparse -i named.jsonl
same expected out
cp plain.jsonl plain.zst
ends 0 rm-judge --reparse -i plain.zst
same expected out
gzip -k plain.jsonl
ends 0 rm-judge --reparse -i plain.jsonl.gz
same expected out
{ head -20 plain.jsonl | zstd -q; printf '\x50\x2a\x4d\x18\x04\x00\x00\x00skip'; tail -30 plain.jsonl | zstd -q; } >joined
ends 0 rm-judge --reparse <joined
same expected out
ends 0 rm-judge --reparse -i plain.jsonl -o out.zst
zstd -dqc out.zst >back; same expected back
ends 0 rm-judge --reparse -i plain.jsonl -o out.gz
gzip -dc out.gz >back; same expected back
