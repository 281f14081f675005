// Records that a verb cannot process: passed on with an error, left out, or the end of the run, as --on-error says.
//
// Names each on standard error unless --quiet, and counts them. All of what it is given outlives it; one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "lib/base/progress.h"
#include "lib/base/result.h"
#include "lib/records/line.h"
#include "lib/records/writer.h"
#include "tools/cli/flags.h"

namespace rm::rmeval {

class Failures {
 public:
  Failures(const cli::Common& c, records::Writer& out, Progress& progress) : c_(c), out_(out), progress_(progress) {}
  // `e` with a place where it has none. An Error ends the run: --on-error stop, or output that cannot be written. `drop`: fields
  // that do not go out with the failure.
  Result<void> pass_on(const records::Line& line, const std::string& file, Error e,
                       std::span<const std::string_view> drop = {});

  std::uint64_t failed() const { return failed_; }    // passed on
  std::uint64_t skipped() const { return skipped_; }  // left out
  Exit exit() const { return failed_ + skipped_ > 0 ? Exit::kSomeFailed : Exit::kDone; }

 private:
  const cli::Common& c_;
  records::Writer& out_;
  Progress& progress_;
  std::uint64_t failed_ = 0, skipped_ = 0;
};

}  // namespace rm::rmeval
