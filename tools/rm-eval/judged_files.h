// Judged records of one or more files into a Tally.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/bench/tally.h"

namespace rm::rmeval {

struct ReadOptions {
  std::string expect;  // prepare's output; empty: the built-in counts
  bool stop = false;   // at the first line that is no record; else such lines are counted and named
  bool quiet = false;
};

// Exit::kInput for what cannot be scored (bench/tally.h). Does not check completeness.
Result<void> read_judged(const std::vector<std::string>& files, const ReadOptions& o, bench::Tally& tally);

}  // namespace rm::rmeval
