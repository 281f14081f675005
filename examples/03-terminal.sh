#!/bin/sh
# One question and two answers from the command line: the reasoning appears as it is written, then verdict and rubric.
set -eu
rm-judge -q "What is the capital of Australia?" -a "Sydney." -b "Canberra." "$@"
