# generate and vet against a server that fails three requests in ten: no record is lost, the order stays.
. "$RM_SOURCE/tests/cli/expect.bash"
server --fail 0.3 --kinds 429,500,503,drop,malformed
pairs 40 | jq -c '. + {rubric: {criteria: [{name: "Facts", weight: 1}]}}' >in.jsonl
ends 0 rm-rubric generate -m "$url" -i in.jsonl -o made.jsonl
jq -c .id in.jsonl >a; jq -c 'select(.rubric_from.text | length > 0).id' made.jsonl >b
same a b
jq -c 'select(.winner or .chosen)' in.jsonl >labelled.jsonl
ends 0 rm-rubric vet -m "$url" -i labelled.jsonl -o vetted.jsonl
jq -c .id labelled.jsonl >a; jq -c 'select(.vet).id' vetted.jsonl >b
same a b
