# What contradicts itself ends with 2 before anything is read or written; odd values are taken and told why they are odd.
. "$RM_SOURCE/tests/cli/rl.bash"
small_model
labelled 8 >pairs.jsonl
wrong() { # TEXT FLAGS
  local text=$1
  shift
  ends 2 rm-rl -m "$model" -i pairs.jsonl -o none --batch-size 4 "$@"
  has err "$text"
  [ ! -s out ]
}
wrong "--mini-batch-size: 5 prompts are more than a batch has (4)" --mini-batch-size 5
wrong "--temperature: 0 writes the same reply each time" --temperature 0
wrong "--dual-clip: is a bound above 1" --dual-clip 1
wrong "--reward-timeout: is for a program" --reward-timeout 5
wrong "is the file of --metrics too" --metrics x --summary x
wrong "is the file of --metrics too" --metrics x --samples-file x
wrong "pairs.jsonl" --metrics pairs.jsonl
wrong "pairs.jsonl" --samples-file ./pairs.jsonl
wrong "-o: is a folder" -o -
wrong "nothing.json" --prompt nothing.json
wrong "neither a flag nor" train
ends 2 rm-rl -m "$model" -i pairs.jsonl --batch-size 4
has err "-o DIR"
ends 2 rm-rl -m http://127.0.0.1:9/v1 -i pairs.jsonl -o none
has err "a server's model cannot be trained from here"
[ ! -e none ]
[ ! -e x ]
lines pairs.jsonl 8
mkdir own
: >own/model.safetensors
ends 2 rm-rl -m "$model" -i pairs.jsonl -o own --batch-size 4
[ "$(ls own)" = model.safetensors ]

ends 0 rm-rl -m "$model" -i pairs.jsonl --batch-size 4 --dry-run --temperature 0.7 --top-p 0.9
has err "--temperature 0.70: what is trained is then not what was sampled from"
has err "--top-p 0.90: "
ends 0 rm-rl -m "$model" -i pairs.jsonl --batch-size 4 --dry-run --quiet --temperature 0.7
[ ! -s err ]
