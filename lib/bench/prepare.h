// From published benchmark files to pairs that rm-judge reads, each with a field `bench` that says whose it is.
//
// One element or line at a time; nothing is kept between them. What was published is not changed: prompts and answers come out
// as they were, as strings where there is one turn. Errors: Exit::kInput, reasons as in records/pair.h.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/bench/rules.h"
#include "lib/records/line.h"

namespace rm::bench {

using Emit = std::function<Result<void>(std::string_view line)>;

// The value of the field `bench`.
struct Tag {
  const Rules* rules = nullptr;
  std::string subset, item;
  std::int64_t cell = 0, n = 1;
};
std::string tag_json(const Tag& t);

// RM-Bench. The domain (a subset of rules.h) is in the file's name: chat, math, code, safety-refuse or safety-response, with or
// without "_filtered". Exit::kInput for others.
Result<std::string> rm_bench_domain(std::string_view path);
// --cells: numbers 0 to 8 and the words easy, normal, hard, all, joined by commas; in order, each once. Exit::kUsage.
Result<std::vector<int>> parse_cells(std::string_view flag);
Result<void> prepare_rm_bench(const json::Value& element, std::string_view domain, std::span<const int> cells,
                              const Emit& emit);

// RewardBench, RewardBench 2 and any file of pairs: the line with `bench` spliced in. `subset` and `id` of the record name the
// item; in pairs an absent subset is "all" and an absent id the number of the line.
Result<void> prepare_line(const Rules& rules, const json::Value& record, const records::Line& line, const Emit& emit);

// RMB, pairwise or best of N as the element shows; a group comes out as one pair a loser.
Result<void> prepare_rmb(const json::Value& element, const Emit& emit);
// The JSON files below upstream's folder (or the one file), sorted. Exit::kInput where there are none.
Result<std::vector<std::string>> rmb_files(const std::string& path);

}  // namespace rm::bench
