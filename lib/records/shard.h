// Which part of the input is this process's: --shard I/N, --shard slurm, --shard-by hash.
//
// By range: a regular uncompressed file is cut into N contiguous, line-aligned byte ranges; outputs of shards 1..N, joined in
// order, are the output of the whole. By hash: each line goes to the shard its bytes choose. Plain data.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/base/result.h"

namespace rm::records {

struct Shard {
  std::uint64_t index = 0;  // from 0
  std::uint64_t count = 1;  // 1: the whole
  bool by_hash = false;
  bool whole() const { return count == 1; }
  // Whether a line belongs here when sharded by hash. Trailing CR and white space around the line do not matter.
  bool takes(std::string_view line) const;
};

// `flag` is "" (whole), "I/N" with 1 <= I <= N, or "slurm" (SLURM_ARRAY_TASK_ID minus _MIN, _COUNT; the task ids must step by
// one). `by` is "" or "range" or "hash". Exit::kUsage.
Result<Shard> parse_shard(std::string_view flag, std::string_view by = "");

// Where the range of this shard starts in a file of `size` bytes, before alignment to lines: a line belongs to the shard its
// first byte falls into.
std::uint64_t range_begin(const Shard& s, std::uint64_t size);
std::uint64_t range_end(const Shard& s, std::uint64_t size);

}  // namespace rm::records
