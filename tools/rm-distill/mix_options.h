// The command line of rm-distill mix.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/distill/mix.h"
#include "tools/cli/flags.h"

namespace rm::rmdistill {

struct MixOptions {
  cli::Common common;
  std::vector<std::string> files, caps, weights, excludes, benchmarks;
  std::string dedup, split, rest;
  std::string split_name;   // of --split NAME=FRACTION
  distill::MixRules rules;  // what they amount to
};

void add_mix_flags(cli::Parser& p, MixOptions& o);
// Fills `rules`. Exit::kUsage.
Result<void> interpret(MixOptions& o);

}  // namespace rm::rmdistill
