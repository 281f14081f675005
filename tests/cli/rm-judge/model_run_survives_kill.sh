# kill -9 at 20 random moments, each followed by --resume: the bytes of an undisturbed run, nothing lost, nothing twice.
. "$RM_SOURCE/tests/cli/expect.bash"
small_model; engine
pairs 30 >in.jsonl
judge=(rm-judge -i in.jsonl --max-tokens 24 --deterministic --batch 4)
export RM_MODEL=$model
ends 0 "${judge[@]}" -o expected.jsonl
lines expected.jsonl 30
survives_kills expected.jsonl 20 0.35 2000 "${judge[@]}"
