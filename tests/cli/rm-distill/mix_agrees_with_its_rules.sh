# Random sources through the program and through a second statement of its rules, record for record.
. "$RM_SOURCE/tests/cli/expect.bash"
python3 "$RM_SOURCE/goldens/mix_rules.py" rm-distill 25
