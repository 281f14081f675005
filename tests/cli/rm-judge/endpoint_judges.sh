# A server judges: verdicts, model, usage and the server's own reasoning end up in the records, in order; the key is never shown.
. "$RM_SOURCE/tests/cli/expect.bash"
server --key sesame --delay 0.002 --model judge-1 --model judge-2
pairs 100 >in.jsonl
echo '{"id":"think","question":"#thought","answer_a":"x","answer_b":"y"}' >>in.jsonl
export OPENAI_API_KEY=sesame
ends 0 rm-judge -m "$url" -i in.jsonl
lines out 101
same <(jq -c .id in.jsonl) <(jq -c .id out)
[ "$(jq -r .judgment.model out | sort -u)" = judge-1 ]
# The server says in its reply which prompt it saw: each record got its own.
jq -r '[(.question // .prompt), .judgment.samples[0].text] | @base64 "\(.[0]) \(.[1])"' out | while read -r q text; do
  grep -qF -- "$(base64 -d <<<"$q")" <(base64 -d <<<"$text") || { echo "a reply of another prompt"; exit 1; }
done
none 'select(.judgment.samples[0].verdict != (.judgment.samples[0].text | capture("\\[\\[(?<v>.)\\]\\]").v))' out
[ "$(tail -n 1 out | jq -r '.judgment.samples[0].reasoning')" = thinking ]
[ "$(head -n 1 out | jq -r '.judgment.samples[0].usage.prompt_tokens')" = 7 ]
ends 0 rm-judge -m "$url/" --api-model judge-2 --logprobs -i in.jsonl
[ "$(jq -r .judgment.model out | sort -u)" = judge-2 ]
none 'select(.judgment.samples[0].p_a == null)' out
ends 4 rm-judge -m "$url" --api-model judge-3 -i in.jsonl
has err judge-3
has err judge-1
OPENAI_API_KEY=open ends 69 rm-judge -m "$url" -i in.jsonl
has err OPENAI_API_KEY
hasnt err 'open"'
lines err 1
[ ! -s out ]
ends 0 rm-judge -m "$url" -q 'Why?' -a one -b two
has out 'is better'
# Flags that would do nothing are refused by name.
for flag in --deterministic '--adapter x' '--device cpu' '--dtype f32' '--threads 2' '--batch 4' '--draft 0' '--context 99' '--chat x'; do
  ends 2 rm-judge -m "$url" $flag -i in.jsonl
  has err "${flag%% *}: is for a model that runs here"
done
for flag in '--timeout 5' '--max-inflight 4'; do
  ends 2 rm-judge -m ./no-such-model $flag -i in.jsonl
  has err "${flag%% *}: is for servers"
done
ends 2 rm-judge -m "$url" --rate 1-10 --shuffle -i in.jsonl
ends 2 rm-judge -m "$url" -m ./folder -i in.jsonl
ends 2 rm-judge -m ftp://nowhere/v1 -m "$url" -i in.jsonl
