// Reads the records of a run, one by one, and counts those that are left out and why.
//
// A record that cannot be taken is left out and told by name, the first three of each reason, unless --quiet; with --on-error stop it
// ends the run. What is no fault of a record is only counted. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/records/line.h"
#include "tools/train/options.h"

namespace rm::traincli {

struct Omission {
  std::uint64_t count = 0;
  Error first;
};
// By reason: "too_long", "not_kept", "bad_json", ...
using LeftOut = std::map<std::string, Omission>;
// Of all reasons but `faultless`.
std::uint64_t faults(const LeftOut& l, const std::vector<std::string_view>& faultless);
void add_left_out(json::Writer& w, const LeftOut& l);  // member "left_out" of a summary
// "; left out: 3 too_long, 1 not_kept" where `before` is "; ", or nothing.
std::string left_out_text(const LeftOut& l, const std::string& before);

// Reasons that are no faults.
struct Lenience {
  std::vector<std::string_view> silent;   // never told, never the end
  std::vector<std::string_view> endless;  // told, never the end
};

// An Error with Exit::kInput leaves the record out; any other ends the run.
using Take = std::function<Result<void>(const records::Line& line, const json::Value& record)>;

// Adds to `records`, the number of lines that were read, and to `left_out`. Exit::kInput where the file cannot be read, and as above.
Result<void> read_records(const RunOptions& o, const std::string& path, const Lenience& lenience, const Take& take,
                          std::uint64_t& records, LeftOut& left_out);

// Where nothing is left to `what` ("learn from").
Error nothing_left(const RunOptions& o, const std::string& what, std::uint64_t records, const LeftOut& left_out);

}  // namespace rm::traincli
