// What verbs that read judged records share: the flags of scoring, files into a Tally, text to where -o says.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/bench/scores.h"
#include "lib/bench/tally.h"
#include "tools/cli/flags.h"

namespace rm::rmeval {

struct ReadOptions {
  std::string expect;  // prepare's output; empty: the built-in counts
  bool stop = false;   // at the first line that is no record; else such lines are counted and named
  bool quiet = false;
};

// Exit::kInput for what cannot be scored (bench/tally.h). Does not check completeness.
Result<void> read_judged(const std::vector<std::string>& files, const ReadOptions& o, bench::Tally& tally);

struct Scoring {
  std::string expect, unparsed = "wrong";
  bool json = false, partial = false, upstream_bug = false;
};
void add_scoring(cli::Parser& p, Scoring& s);
bench::Settings settings_of(const Scoring& s, const cli::Common& c);

// Failure records or unreadable lines: the run ends with 1.
bool has_failures(const bench::Tally& t);

// To the file of -o or standard output; refuses to write onto `input`.
Result<void> put_text(const cli::Common& c, const std::string& input, std::string text);

// Verbs that read judged records side by side: two or more files, by name, and no --map. `few` is said of fewer.
Result<void> check_side_by_side(const cli::Common& c, const std::vector<std::string>& files, const char* few);

}  // namespace rm::rmeval
