# Blank lines, CRLF, a byte order mark at the start, no newline at the end, NUL inside a string.
. "$RM_SOURCE/tests/cli/expect.bash"
ends 0 rm-judge --reparse </dev/null
[ ! -s out ]
{ printf '\xef\xbb\xbf'; judged 1; printf '\n  \n\r\n'; judged 1 | sed 's/$/\r/'; judged 1 | head -c -1; } >in.jsonl
ends 0 rm-judge --reparse -i in.jsonl
lines out 3
json out
judged 1 | sed 's/"x"/"x\\u0000y"/' >nul.jsonl
ends 0 rm-judge --reparse -i nul.jsonl
has out '"x\u0000y"'
judged 2 | head -c -40 >cut.jsonl
ends 1 rm-judge --reparse -i cut.jsonl
lines out 2
[ "$(sed -n 2p out | jq -r .error.code)" = truncated_line ]
