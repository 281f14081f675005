// The command line of rm-distill train.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/tune/recipe.h"
#include "lib/tune/trainer.h"
#include "tools/cli/flags.h"

namespace rm::rmdistill {

struct TrainOptions {
  // As given. A number that was not given is -1 or empty.
  cli::Common common;  // `out` is the folder
  std::string recipe, schedule, mask, lora_targets, val, chat, adapter, device = "auto", dtype = "auto", tensorboard;
  std::vector<std::string> models;
  std::optional<double> lr, warmup, weight_decay, clip_norm, lora_alpha;
  std::int64_t epochs = -1, batch_size = -1, micro_batch_size = -1, max_length = -1, lora_rank = -1;
  std::int64_t val_every = -1, val_generate = -1, save_every = 20, keep = 2, pass_tokens = 0, threads = 0;
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

void add_train_flags(cli::Parser& p, TrainOptions& o);
// Fills the second part; `metrics` becomes metrics.jsonl in the folder where it was not given, val_every and val_generate 0.
// Exit::kUsage naming the flag.
Result<void> interpret(TrainOptions& o);
// What the trainer is opened with, for this model.
tune::TrainerOptions trainer_options(const TrainOptions& o, const std::string& model);

}  // namespace rm::rmdistill
