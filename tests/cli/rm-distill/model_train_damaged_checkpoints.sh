# A damaged checkpoint is found, named and passed over for the one before it, and the run still ends with the same bits. Where none is
# sound the run ends with 4 and touches nothing.
. "$RM_SOURCE/tests/cli/train.bash"
tiny
chains 40 >chains.jsonl
run="${train/--quiet/} --save-every 3 --keep 3"
ends 0 $run -o whole
lines whole/metrics.jsonl 12
weights="weights-00001.safetensors"
size=$(wc -c <whole/checkpoints/step-00000012/$weights)
for damage in "flip $weights 9" "flip $weights $((size / 2))" "flip $weights -1" "flip manifest.json 30" "flip manifest.json -20" \
  "truncate -s -1 $weights" "truncate -s 0 manifest.json" "rm manifest.json" "rm $weights"; do
  rm -rf part
  cp -r whole part
  rm part/model.safetensors
  (cd part/checkpoints/step-00000012 && $damage)
  ends 0 $run -o part --resume
  has err "the checkpoint of step 12 is passed over: part/checkpoints/step-00000012/"
  has err "goes on from part/checkpoints/step-00000009, step 9 of 12"
  same_run whole part
done
# Two of three.
rm -rf part
cp -r whole part
flip part/checkpoints/step-00000012/$weights 5000
flip part/checkpoints/step-00000009/$weights 5000
ends 0 $run -o part --resume
has err "goes on from part/checkpoints/step-00000006, step 6 of 12"
same_run whole part
# All of them.
rm -rf part
cp -r whole part
for c in part/checkpoints/*; do flip "$c/$weights" 5000; done
cp -r part before
ends 4 $run -o part --resume
has err "part/checkpoints: none of its 3 checkpoints is sound"
has err "the file is damaged or was changed"
diff -r before part
