# The man page, and the --help of the program and of its verb, name the same flags.
. "$RM_SOURCE/tests/cli/expect.bash"
flags_in_page rm-rl "" plot
