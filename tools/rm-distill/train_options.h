// The command line of rm-distill train.
#pragma once

#include <string>

#include "tools/train/options.h"

namespace rm::rmdistill {

extern const traincli::Words kTrainWords;

struct TrainOptions : traincli::RunOptions {
  TrainOptions() : RunOptions(kTrainWords) {}
  // As given; a number that was not given is -1.
  std::string mask;
  std::int64_t max_length = -1, val_generate = -1;
};

void add_train_flags(cli::Parser& p, TrainOptions& o);
// Fills the second part of RunOptions; `metrics` becomes metrics.jsonl in the folder where it was not given, val_every and
// val_generate 0. Exit::kUsage naming the flag.
Result<void> interpret(TrainOptions& o);

}  // namespace rm::rmdistill
