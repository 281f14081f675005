// Records that a verb cannot process: passed on with an error, left out, or the end of the run, as --on-error says.
//
// Names each on standard error unless --quiet, and counts them. All of what it is given outlives it; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/progress.h"
#include "lib/base/result.h"
#include "lib/records/line.h"
#include "lib/records/writer.h"
#include "tools/cli/flags.h"

namespace rm::cli {

class Failures {
 public:
  // `program` speaks in the messages; failure records go to `out`.
  using Out = std::function<Result<void>(std::string_view)>;
  Failures(const char* program, const Common& c, Out out, Progress& progress)
      : program_(program), c_(c), out_(std::move(out)), progress_(progress) {}
  Failures(const char* program, const Common& c, records::Writer& out, Progress& progress)
      : Failures(
            program, c, [&out](std::string_view line) { return out.write(line); }, progress) {}
  // `e` with a place where it has none. An Error ends the run: --on-error stop, or output that cannot be written. `drop`: fields
  // that do not go out with the failure.
  Result<void> pass_on(const records::Line& line, const std::string& file, Error e,
                       std::span<const std::string_view> drop = {});

  std::uint64_t failed() const { return failed_; }    // passed on
  std::uint64_t skipped() const { return skipped_; }  // left out
  Exit exit() const { return failed_ + skipped_ > 0 ? Exit::kSomeFailed : Exit::kDone; }

 private:
  const char* program_;
  const Common& c_;
  Out out_;
  Progress& progress_;
  std::uint64_t failed_ = 0, skipped_ = 0;
};

}  // namespace rm::cli
