// Continues an interrupted run: what of the output file stays, and how far the input has already been answered.
//
// Output order is input order, so a prefix check suffices: each kept output line must be the answer to the next input line,
// by a hash of the original part of both. A torn last line is dropped (the caller passes `keep` to Writer::open, which cuts).
// Reads both files once, holds one line of each.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/records/lines.h"

namespace rm::records {

struct Resumed {
  std::uint64_t lines = 0;   // whole records that stay
  std::uint64_t keep = 0;    // bytes of them: WriterOptions::keep
  std::uint64_t failed = 0;  // of these, failure records (they count for exit code 1)
  bool torn = false;         // a torn tail was found
};

// Advances `in` past the records that `out_path` already answers. A missing output file resumes from the start. With `gaps`
// (--on-error skip) input records without an output line may lie between. Exit::kUsage for standard output or a compressed
// name; Exit::kInput, reason "resume_mismatch", naming the output line that does not belong to the input.
Result<Resumed> resume(const std::string& out_path, Lines& in, std::span<const std::string_view> own,
                       bool gaps = false);

}  // namespace rm::records
