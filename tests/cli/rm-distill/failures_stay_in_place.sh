# Records that cannot be taught, and requests that a teacher refuses, come out in their place with an error; correct passes them on.
. "$RM_SOURCE/tests/cli/expect.bash"
server --teacher
cat >in.jsonl <<'L'
{"id":1,"question":"q1","answer_a":"x","answer_b":"y","winner":"A"}
{"id":2,"question":"q2","answer_a":"x","answer_b":"y"}
{"id":3,"question":"q3","answer_a":"x","answer_b":"y","winner":"tie"}
{broken
{"id":5,"question":"#status=400 #say=no such thing","answer_a":"x","answer_b":"y","winner":"B","response":"stale","chain":{"stale":1}}
{"id":6,"question":"q6","answer_a":"x","answer_b":"y","winner":"B"}
L
ends 1 rm-distill teach -m "$url" -i in.jsonl -o taught.jsonl --summary taught.json
lines taught.jsonl 6
same <(jq -c '.error.code // .chain.status' taught.jsonl | sed -n '2,5p') <(printf '"no_label"\n"tie"\n"bad_json"\n"refused"\n')
[ "$(sed -n 5p taught.jsonl | jq -c '[.chain.status, .chain.reason, .chain.pass, .chain.teacher, has("response"), (.messages | length)]')" = '["failed","refused",1,"scripted",false,2]' ]
has err 'in.jsonl:2'
has err 'no such thing'
[ "$(jq -c '[.failed, .reasons.bad_json, .reasons.no_label, .reasons.tie, .reasons.refused]' taught.json)" = '[4,1,1,1,1]' ]
ends 1 rm-distill correct -m "$url" -i taught.jsonl --summary chains.json
same <(sed -n '2,5p' taught.jsonl) <(sed -n '2,5p' out)
[ "$(jq -c '[.failed, .reasons.refused]' chains.json)" = '[4,1]' ]
ends 1 rm-distill teach -m "$url" -i in.jsonl --on-error skip
lines out 2
ends 3 rm-distill teach -m "$url" -i in.jsonl --on-error stop
has err 'in.jsonl:2'
# A record that is no chain is not corrected.
ends 1 rm-distill correct -m "$url" -i in.jsonl --quiet
[ "$(head -n 1 out | jq -r .error.code)" = missing_field ]
[ ! -s err ]
# --filter strict asks for the answer block.
echo '{"question":"q","answer_a":"x","answer_b":"y","winner":"A","messages":[{"role":"user","content":"q"}],"chain":{"status":"wrong","pass":1,"verdict":"A","wrong_response":""}}' >one.jsonl
ends 0 rm-distill correct -m "$url" --filter strict -i one.jsonl
[ "$(jq -c '[.chain.status, .chain.filter, .messages]' out)" = '["kept","strict",[{"role":"user","content":"q"}]]' ]
