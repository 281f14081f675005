# The man page and --help name the same flags.
. "$RM_SOURCE/tests/cli/expect.bash"
flags_in_page rm-judge
