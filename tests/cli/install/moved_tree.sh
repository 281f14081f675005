#!/usr/bin/env bash
# An installed tree that is moved still works, and takes nothing from the build or the private folder.
model=${RM_TEST_MODELS:-${XDG_DATA_HOME:-$HOME/.local/share}/rm-r1/models}/smollm2-135m-instruct-q4_1.gguf
DESTDIR=$PWD/first "$RM_CMAKE" --install "$RM_BUILD" --prefix /opt/rm >/dev/null
mkdir second
mv first/opt/rm second/tree
tree=$(realpath second/tree)
clean() { env -i PATH=/usr/bin:/bin HOME="$PWD" LD_DEBUG_OUTPUT="$PWD/loaded" LD_DEBUG=libs "$tree/bin/rm-judge" "$@"; }

clean --version >version.txt
grep -q '^rm-judge [0-9]' version.txt
test -f "$tree/share/man/man1/rm-judge.1"

judged=
if [[ -e $tree/lib/rm-r1/librm_torch_cpu.so && -e $model ]]; then
  printf 'four' >a.txt
  printf 'five' >b.txt
  clean -m "$model" -q 'What is 2+2?' -a a.txt -b b.txt --max-tokens 8 --device cpu >out.txt
  judged=1
fi

# Every library that was opened lies in the tree or belongs to the system.
sed -n 's/.*calling init: //p' loaded.* | xargs realpath | sort -u >libraries
grep -q "^$tree/lib/rm-r1/librm_core.so$" libraries
[[ -z $judged ]] || grep -q "^$tree/lib/rm-r1/libtorch_cpu.so$" libraries
if grep -vE "^($tree/|/usr/lib/|/usr/lib64/)" libraries; then
  echo "loaded from elsewhere (above)"
  exit 1
fi
