# The man page and the --help of the verbs name the same flags.
. "$RM_SOURCE/tests/cli/expect.bash"
flags_in_page rm-distill mix teach correct train
