# Whose a folder is: one run works in it, a run is not begun over another, nobody's model is written over, and --resume goes on with the
# same run alone. Nothing that is refused is touched.
. "$RM_SOURCE/tests/cli/train.bash"
tiny
chains 40 >chains.jsonl
run="${train/--quiet/} --save-every 2"
untouched() {
  cp -rp "$1" before
  shift
  ends "$@"
  diff -r before "${folder:-part}"
  rm -r before
}

# In use.
$run --epochs 100 --metrics live.jsonl -o busy 2>/dev/null &
pid=$!
until_lines live.jsonl 1
ends 5 $run -o busy
has err "busy: another run works in this folder"
ends 5 $run -o busy --resume
has err "another run works in this folder"
kill -TERM $pid
wait $pid || true

# A run is there.
ends 0 $run -o part
untouched part 2 $run -o part
has err "part: holds a run at step 12: --resume goes on with it"
ends 0 $run -o part --resume
has err "goes on from part/checkpoints/step-00000012, step 12 of 12"
lines part/metrics.jsonl 12

# The same run, and what is another one.
untouched part 2 $run -o part --resume --lr 2e-2 --mask header
has err '"rate 0.01, cosine to 0.1 of it, warm-up over 0.03 of the steps" where this command has "rate 0.02,'
has err '"loss on the response, '
untouched part 2 $run -o part --resume --epochs 4
has err "3 epochs"
untouched part 2 $run -o part --resume --lora-rank 2
has err '"trained every weight" where this command has "trained LoRA of rank 2'
untouched part 2 $run -o part --resume --seed 5
has err "has --seed 0 where this command has 5"
chains 41 >more.jsonl
untouched part 2 $run -i more.jsonl -o part --resume
has err "has other chains to learn"
cp -r tiny copy
ends 0 ${run/-m tiny/-m ./copy} -o part --resume  # a copy is the same model
python3 "$RM_SOURCE/tests/cli/tiny_model.py" real other --seed 2
untouched part 2 ${run/-m tiny/-m other} -o part --resume
has err "has another model to begin from (tiny)"
ends 0 $run -o part --resume --threads 2
has err "the number of threads was 1 and is 2 now: the last bits of the weights will differ"
ends 0 $run -o part --resume --pass-tokens 200
has err "710 tokens ran at once and now 200 do: the last bits of the weights will differ"

# Somebody's model: with and without --resume, a whole one, an adapter, and the base's own folder.
mkdir theirs adapter
cp -r tiny/. theirs
echo '{}' >adapter/adapter_config.json
for folder in theirs adapter; do
  untouched $folder 2 $run -o $folder
  has err "and no checkpoint: somebody's model"
  untouched $folder 2 $run -o $folder --resume
done
folder=tiny untouched tiny 2 $run -o ./tiny/
has err "holds the model that this run begins from"
mkdir -p theirs/checkpoints/step-x theirs/checkpoints/step-00000001.partial
folder=theirs untouched theirs 2 $run -o theirs

# What else can stand there.
echo x >file
ends 5 $run -o file
has err "file: is a file; expected a folder"
mkdir empty
ends 0 $run -o empty --resume
has err "no checkpoint in empty/checkpoints; the run begins anew"
