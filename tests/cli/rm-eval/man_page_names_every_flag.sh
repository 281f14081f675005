# The man page and the --help of the verbs name the same flags.
. "$RM_SOURCE/tests/cli/expect.bash"
page=$RM_SOURCE/man/rm-eval.1
[ -e "$page" ] || skip "no man page"
command -v mandoc >/dev/null || skip "no mandoc"
for verb in prepare score compare vote; do rm-eval $verb --help; done | grep -oE '^  (-[a-z],)?--[a-z-]+' | tr -d ' ' | tr ',' '\n' | sort -u >in_help
mandoc -T ascii "$page" | sed 's/.\x08//g' >page.txt
grep -oE '^ {2,12}-[-a-z].*' page.txt | grep -oE '(^|[ ,|])--?[a-z][a-z-]*' | tr -d ' ,|' | sort -u >in_page
comm -23 in_help in_page >missing
[ ! -s missing ] || { echo "not in the man page:"; cat missing; exit 1; }
comm -13 in_help in_page >unknown
[ ! -s unknown ] || { echo "not in --help:"; cat unknown; exit 1; }
