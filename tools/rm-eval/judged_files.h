// What verbs that read judged records share: the flags of scoring, files into a Tally.
#pragma once

#include <string>
#include <vector>

#include "lib/base/progress.h"
#include "lib/base/result.h"
#include "lib/bench/scores.h"
#include "lib/bench/tally.h"
#include "tools/cli/flags.h"

namespace rm::rmeval {

// Lines that are no judged records: the first few named, all counted, or the end of the run.
class Unreadable {
 public:
  Unreadable(bool stop, bool quiet) : stop_(stop), quiet_(quiet) {}
  // `torn`: the line itself could not be read. An Error ends the run: --on-error stop, or a record that cannot be scored.
  Result<void> pass(Error e, const bench::Where& where, bool torn, bench::Tally& tally, Progress& progress);
  std::uint64_t count() const { return count_; }

 private:
  bool stop_, quiet_;
  std::uint64_t count_ = 0;
};

// prepare's output: only these items belong, and all of them must come.
Result<void> expect_items(const std::string& path, bench::Tally& tally);

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
void add_scoring(cli::Parser& p, Scoring& s, bool json = true);  // json: with --json
bench::Settings settings_of(const Scoring& s, const cli::Common& c);

// Failure records or unreadable lines: the run ends with 1.
bool has_failures(const bench::Tally& t);

// Verbs that read judged records side by side: two or more files, by name, and no --map. `few` is said of fewer.
Result<void> check_side_by_side(const cli::Common& c, const std::vector<std::string>& files, const char* few);

}  // namespace rm::rmeval
