# What does not make sense on the command line ends with 2 and says what was expected.
. "$RM_SOURCE/tests/cli/expect.bash"
ends 2 rm-eval
has err "no verb given"
ends 2 rm-eval prapare
has err '"prapare" is no verb; expected one of prepare, score'
ends 2 rm-eval prepare
has err "name the benchmark first"
ends 2 rm-eval prepare rm-bunch x.json
has err '"rm-bunch" is no benchmark'
ends 2 rm-eval prepare reward-bench --cells 4 x
ends 2 rm-eval prepare pairs --map a=.b x
ends 2 rm-eval score --map a=.b x
ends 2 rm-eval score --unparsed maybe x
ends 2 rm-eval score --no-such-flag
ends 2 rm-eval score -i x y
ends 2 rm-eval compare x
ends 2 rm-eval compare a b c --differ d
ends 2 rm-eval vote x
