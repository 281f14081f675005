// The command line that rm-distill train and rm-rl share: each flag declared once, and what the flags amount to.
//
// A program makes a RunOptions with its Words, adds the groups in the order of its help, and interprets them part by part. Nothing
// here opens a file but that of -m @FILE. Every error is Exit::kUsage and names the flag.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/tune/recipe.h"
#include "lib/tune/trainer.h"
#include "tools/cli/flags.h"

namespace rm::traincli {

// What the programs say differently: names, and help where a default or what is counted is another.
struct Words {
  const char* program;  // speaks in messages: "rm-distill"
  const char* command;  // "rm-distill train"
  const char* one;      // what is learned from: "chain"
  const char* many;
  const char* metrics;  // where they go by default: a name within the folder, or "-"
  struct Help {
    const char *lr, *schedule, *warmup, *weight_decay, *epochs, *batch_size, *micro_batch_size;
    const char *val, *metrics, *pass_tokens, *in, *map, *on_error, *seed, *dry_run;
  } help;
};

struct RunOptions {
  explicit RunOptions(const Words& w) : words(w) {}

  const Words& words;
  // As given. A number that was not given is -1 or empty.
  cli::Common common;  // `out` is the folder
  std::string recipe, schedule, lora_targets, val, chat, adapter, device = "auto", dtype = "auto", tensorboard;
  std::vector<std::string> models;
  std::optional<double> lr, warmup, weight_decay, clip_norm, lora_alpha;
  std::int64_t epochs = -1, batch_size = -1, micro_batch_size = -1, lora_rank = -1;
  std::int64_t val_every = -1, save_every = 20, keep = 2, pass_tokens = 0, threads = 0;
  bool merge = false, resume = false, deterministic = false;
  std::string metrics;

  // What they amount to.
  tune::TrainSettings settings;
  std::string model;                // a folder or .gguf file; empty: the default model
  std::string val_file;             // of --val FILE
  std::optional<double> val_share;  // of --val FRACTION: see tune::held_out()
  records::FieldMap map;
  bool stops_on_bad = false;  // --on-error stop
};

void add_optimizer(cli::Parser& p, RunOptions& o);    // --recipe to --micro-batch-size, of group "Training"
void add_lora(cli::Parser& p, RunOptions& o);         // group "LoRA"
void add_validation(cli::Parser& p, RunOptions& o);   // --val, --val-every
void add_checkpoints(cli::Parser& p, RunOptions& o);  // --save-every to --tensorboard
void add_model(cli::Parser& p, RunOptions& o);        // group "Model"
void add_records(cli::Parser& p, RunOptions& o);      // group "Records"

// `settings`: those of the recipe, with what flags of add_optimizer() change. What a micro-batch counts is the program's to check.
Result<void> read_optimizer(RunOptions& o, const tune::TrainSettings& recipe);
Result<void> read_lora(RunOptions& o);
Result<void> read_validation(RunOptions& o);
Result<void> read_model(RunOptions& o);
Result<void> read_places(RunOptions& o);  // metrics become those of Words where they were not given

// A flag that is of no use without --val.
Error needs_validation(const RunOptions& o, const char* flag);

// What the trainer is opened with, for this model.
tune::TrainerOptions trainer_options(const RunOptions& o, const std::string& model);

// Lines on standard error, each with the program's name; nothing with --quiet.
void tell(const RunOptions& o, std::string_view lines);

// What is written must not be what is read, nor two outputs one file. `outputs`: those besides metrics and summary, by flag.
struct Output {
  const char* flag;
  std::string path;
};
Result<void> keep_inputs(const RunOptions& o, const std::vector<Output>& outputs = {});

}  // namespace rm::traincli
