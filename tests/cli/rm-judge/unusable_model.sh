# Exit 4 with the file's name, whatever is wrong with it.
. "$RM_SOURCE/tests/cli/expect.bash"
check() { ends 4 rm-judge -m "$1" --dry-run </dev/null; has err "${2:-$1}"; [ "$(wc -l <err)" -eq 1 ]; }
check missing.gguf
mkdir empty; check empty
: >nothing.gguf; check nothing.gguf
head -c 4096 /dev/urandom >noise.gguf; check noise.gguf
printf '\x80\x02ctorch._utils\n_rebuild_tensor_v2\n' >pickle.bin; check pickle.bin
mkdir config; echo '{"architectures":["GPTBigCodeForCausalLM"],"model_type":"gpt_bigcode"}' >config/config.json; check config
printf 'GGUF\x03\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x7f' >huge.gguf; check huge.gguf
RM_MODEL=from-env.gguf ends 4 rm-judge --dry-run </dev/null
has err from-env.gguf
env -u RM_MODEL XDG_DATA_HOME="$PWD" rm-judge --dry-run </dev/null >out 2>err && exit 1
has err 'make model'
small_model
head -c 1000000 "$model" >cut.gguf; check cut.gguf
