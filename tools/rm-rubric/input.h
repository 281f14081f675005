// Records of a file, one at a time, for verbs that ask no model: opened, continued, sharded, closed.
//
// Owns its reader and writer. One record in, one out, in the order of the input; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/records/line.h"
#include "tools/cli/flags.h"

namespace rm::rmrubric {

struct Passed {
  std::uint64_t records = 0, resumed = 0;  // of this run; done by an earlier one
  std::uint64_t failed = 0, skipped = 0;
  Exit exit = Exit::kDone;
};

// Gives every record to `one`, which returns the line that goes out (empty: none). An Error of `one` with Exit::kInput is the
// record's own and is handled as --on-error says; any other ends the run. `own`: fields of ours, for --resume and failures.
using One = std::function<Result<std::string>(const records::Line&, const json::Value&)>;
Result<Passed> each_record(const cli::Common& c, const cli::Length& l, std::span<const std::string_view> own,
                           const One& one);

// What the flags that both structs hold may not say together. Exit::kUsage.
Result<void> check(const cli::Common& c, const cli::Length& l);

}  // namespace rm::rmrubric
