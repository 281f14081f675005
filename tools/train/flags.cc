// The flags of options.h, each declared here and nowhere else.
#include "tools/train/options.h"

namespace rm::traincli {
namespace {

constexpr std::int64_t kMany = 1'000'000'000;

}  // namespace

void add_optimizer(cli::Parser& p, RunOptions& o) {
  const Words::Help& help = o.words.help;
  p.group("Training")
      .choice("--recipe", {"rm-r1"}, o.recipe,
              "Train as RM-R1 was; flags that are given change it (these are the defaults too)")
      .real("--lr", "RATE", o.lr, 0, 1, help.lr)
      .choice("--schedule", {"cosine", "linear", "constant"}, o.schedule, help.schedule)
      .real("--warmup", "SHARE", o.warmup, 0, 1, help.warmup)
      .real("--weight-decay", "X", o.weight_decay, 0, 10, help.weight_decay)
      .real("--clip-norm", "X", o.clip_norm, 0, 1e6, "Shorten gradients to this norm; 0: never (default 1)")
      .integer("--epochs", "N", o.epochs, 1, 100'000, help.epochs)
      .integer("--batch-size", "N", o.batch_size, 1, kMany, help.batch_size)
      .integer("--micro-batch-size", "N", o.micro_batch_size, 1, kMany, help.micro_batch_size);
}

void add_lora(cli::Parser& p, RunOptions& o) {
  p.group("LoRA")
      .integer("--lora-rank", "N", o.lora_rank, 1, 65536, "Train LoRA matrices of this rank instead of every weight")
      .real("--lora-alpha", "X", o.lora_alpha, 0, 1e6, "Scale of the update, over the rank (default twice the rank)")
      .text("--lora-targets", "NAME,...", o.lora_targets,
            "Matrices that get one: of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj (default all)")
      .text("--adapter", "DIR", o.adapter, "Go on with this adapter (PEFT folder): its rank, scale and targets")
      .flag("--merge", o.merge, "Write the whole model, the update added, and not an adapter");
}

void add_validation(cli::Parser& p, RunOptions& o) {
  p.text("--val", "FILE|FRACTION", o.val, o.words.help.val)
      .integer("--val-every", "N", o.val_every, 0, kMany, "Validate every N steps; 0: at the end alone (default)");
}

void add_checkpoints(cli::Parser& p, RunOptions& o) {
  p.integer("--save-every", "N", o.save_every, 0, kMany,
            "Save a checkpoint every N steps; 0: at the end alone (default 20)")
      .integer("--keep", "N", o.keep, 0, kMany, "Keep the newest N checkpoints; 0: all (default 2)")
      .flag("--resume", o.resume, "Go on from the newest checkpoint in the folder; where there is none, begin")
      .text("--metrics", "FILE", o.metrics, o.words.help.metrics)
      .text("--tensorboard", "DIR", o.tensorboard, "Write event files for TensorBoard too");
}

void add_model(cli::Parser& p, RunOptions& o) {
  p.group("Model")
      .texts("-m,--model", "PATH", o.models,
             "The model to begin from: a folder or .gguf file (default: the default model)")
      .text("--chat", "FILE", o.chat, "Chat template of a JSON file, where the model's own is not known")
      .text("--device", "auto|cpu|cuda[:N]", o.device, "Where to train")
      .choice("--dtype", {"auto", "f32", "bf16"}, o.dtype, "Arithmetic of the matrices; what is trained is f32 always")
      .integer("--threads", "N", o.threads, 0, 4096, "CPU threads (default: one a core)")
      .flag("--deterministic", o.deterministic, "The same bits in every run with the same threads and instruction set")
      .integer("--pass-tokens", "N", o.pass_tokens, 1, std::int64_t{1} << 26, o.words.help.pass_tokens);
}

void add_records(cli::Parser& p, RunOptions& o) {
  cli::Common& c = o.common;
  const Words::Help& help = o.words.help;
  p.group("Records")
      .text("-i,--in", "FILE", c.in, help.in, &c.in_given)
      .text("-o,--out", "DIR", c.out, "Folder for the model and its checkpoints", &c.out_given)
      .text("--map", "FIELD=.PATH,...", c.map, help.map)
      .choice("--on-error", {"skip", "stop"}, c.on_error, help.on_error)
      .unsigned_integer("--seed", "N", c.seed, help.seed)
      .text("--summary", "FILE", c.summary, "Write counts and figures of the run to FILE as JSON")
      .flag("--dry-run", c.dry_run, help.dry_run)
      .flag("--quiet", c.quiet, "No progress and no messages except the one that ends the program")
      .choice("--color", {"auto", "always", "never"}, c.color, "Colour at the terminal; NO_COLOR is honoured");
}

}  // namespace rm::traincli
