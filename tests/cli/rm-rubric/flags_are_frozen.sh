# A new flag is a decision: it needs a line here, one in the man page and a test. Those of all programs are frozen with rm-judge.
. "$RM_SOURCE/tests/cli/expect.bash"
own() { rm-rubric "$1" --help | grep -oE '^  (-[a-z],)?--?[a-z-]+' | tr -d ' ' | sort; }
rm-judge --help | grep -oE '^  (-[a-z],)?--?[a-z-]+' | tr -d ' ' | sort >shared
for verb in generate extract vet stats; do
  own $verb | comm -23 - shared | sed "s/^/$verb /"
  own $verb | grep -xE -- '--(samples|both-orders|rubric|logprobs)' | sed "s/^/$verb /" || true
done >found
cat >expected <<'LIST'
generate --contrast
vet --contrast
vet --orders
vet --samples
stats --json
LIST
same expected found
