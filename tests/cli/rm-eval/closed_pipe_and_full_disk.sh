# A reader that goes away ends the program silently with 141; a disk that is full with 5.
. "$RM_SOURCE/tests/cli/expect.bash"
rm_bench b 200
rc=0
{ rm-eval prepare rm-bench b/*.json 2>err || echo $? >rc; } | head -n 1 >/dev/null
[ "$(cat rc)" = 141 ]
[ ! -s err ]
[ -e /dev/full ] || skip "no /dev/full"
rc=0
rm-eval prepare rm-bench b/chat.json >/dev/full 2>err || rc=$?
[ $rc = 5 ]
