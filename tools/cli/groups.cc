// The flag groups that programs share. A test freezes the list; each flag has its line in the man pages.
#include "tools/cli/flags.h"

namespace rm::cli {
namespace {

constexpr std::int64_t kMany = 1'000'000'000;

}  // namespace

Parser& Parser::add(Common& c) {
  group("Records");
  text("-i,--in", "FILE", c.in, "Read records from FILE; - is standard input (default), zstd and gzip are recognised",
       &c.in_given);
  text("-o,--out", "FILE", c.out, "Write to FILE; - is standard output (default), .zst and .gz compress", &c.out_given);
  text("--map", "FIELD=.PATH,...", c.map, "Read our fields from other places, e.g. prompt=.x,chosen=.y.text");
  choice("--on-error", {"record", "skip", "stop"}, c.on_error,
         "A bad record becomes a failure record (default), is left out, or ends the run");
  unsigned_integer("--seed", "N", c.seed, "Seed of orders and samples (default 0)");
  text("--summary", "FILE", c.summary, "Write counts and rates of the run to FILE as JSON");
  flag("--dry-run", c.dry_run, "Read everything and count records and tokens; load no weights");
  flag("--quiet", c.quiet, "No progress and no messages except the one that ends the program");
  choice("--color", {"auto", "always", "never"}, c.color, "Colour at the terminal; NO_COLOR is honoured");
  return *this;
}

Parser& Parser::add(Length& l) {
  group("Long runs");
  flag("--resume", l.resume, "Go on with the file given with -o where an earlier run stopped");
  text("--shard", "I/N|slurm", l.shard, "Do part I of N; outputs of the parts, joined in order, are the whole");
  choice("--shard-by", {"range", "hash"}, l.shard_by,
         "Cut a file into ranges (default), or choose lines by hash (also from a pipe)");
  return *this;
}

Parser& Parser::add(Model& m) {
  group("Model");
  texts("-m,--model", "PATH|URL", m.models,
        "Model folder, .gguf file, or URL of a server that ends in /v1 (several, or @FILE, share the work)");
  text("--api-model", "NAME", m.api_model, "Model to ask the servers for (default: the first they list)");
  real("--timeout", "SECONDS", m.timeout, 0.001, 1e6, "Longest wait for a server's reply (default 600)");
  integer("--max-inflight", "N", m.max_inflight, 1, 65536, "Most requests at the servers at once (default 64)");
  text("--emit-batch", "FILE", m.emit_batch, "Write the requests as an OpenAI batch file; ask nobody");
  text("--from-batch", "FILE", m.from_batch, "Take the replies from the result file of such a batch");
  text("--adapter", "DIR", m.adapter, "Apply a LoRA adapter (PEFT folder)");
  text("--device", "auto|cpu|cuda[:N]", m.device, "Where to run");
  choice("--dtype", {"auto", "f32", "bf16", "f16", "int8"}, m.dtype, "Arithmetic of the weights");
  integer("--threads", "N", m.threads, 0, 4096, "CPU threads (default: one a core)");
  integer("--batch", "N", m.batch, 0, 65536, "Sequences decoded at once (default: what memory allows, at most 32)");
  integer("--draft", "N", m.draft, 0, 64, "Tokens guessed ahead of a reply and checked at once; 0: none (default: 16)");
  integer("--context", "TOKENS", m.context, 0, kMany, "Longest prompt and reply together (default: the model's)");
  flag("--deterministic", m.deterministic, "The same bytes whatever the batch, shard or resume");
  real("--temperature", "T", m.temperature, 0, 100, "0 is greedy (default; 1 with --samples above 1)");
  real("--top-p", "P", m.top_p, 0, 1, "Sample from the most likely tokens that hold P of the probability (default 1)");
  integer("--max-tokens", "N", m.max_tokens, 0, kMany, "Longest reply (default: 8192 or what the context leaves)");
  choice("--form", {"cor", "plain"}, m.form,
         "Chain of rubrics, or one plain turn for reasoning models (default: by the model)");
  text("--prompt", "FILE", m.prompt, "Judge with the prompt set of a JSON file");
  text("--chat", "FILE", m.chat, "Chat template of a JSON file, where the model's own is not known");
  return *this;
}

}  // namespace rm::cli
