# -a and -b name a file where one exists and are the text itself elsewhere; - is standard input.
. "$RM_SOURCE/tests/cli/expect.bash"
small_model
echo "from a file" >a.txt
ends 0 rm-judge -m "$model" -q q -a a.txt -b "no such file" --show-prompt
has out "from a file"
has out "no such file"
echo "from a pipe" | rm-judge -m "$model" -q q -a a.txt -b - --show-prompt >out 2>err
has out "from a pipe"
: >empty.txt
ends 2 rm-judge -m "$model" -q q -a empty.txt -b x --show-prompt
has err -a
ends 2 rm-judge -m "$model" -q "" -a x -b y --show-prompt
