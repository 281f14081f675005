#include "tools/train/reading.h"

#include <algorithm>

#include "lib/base/number.h"
#include "lib/records/lines.h"
#include "tools/cli/report.h"

namespace rm::traincli {
namespace {

constexpr std::uint64_t kTold = 3;  // messages of one reason

bool among(const std::vector<std::string_view>& reasons, std::string_view reason) {
  return std::ranges::find(reasons, reason) != reasons.end();
}

}  // namespace

std::string left_out_text(const LeftOut& l, const std::string& before) {
  std::string out;
  for (const auto& [reason, o] : l)
    out += (out.empty() ? before + "left out: " : ", ") + format_grouped(o.count) + " " + reason;
  return out;
}

std::uint64_t faults(const LeftOut& l, const std::vector<std::string_view>& faultless) {
  std::uint64_t n = 0;
  for (const auto& [reason, o] : l) {
    if (!among(faultless, reason)) n += o.count;
  }
  return n;
}

void add_left_out(json::Writer& w, const LeftOut& l) {
  w.key("left_out").begin_object();
  for (const auto& [reason, o] : l) w.member(reason, o.count);
  w.end_object();
}

Result<void> read_records(const RunOptions& o, const std::string& path, const Lenience& lenience, const Take& take,
                          std::uint64_t& records, LeftOut& left_out) {
  RM_ASSIGN(records::Lines lines, records::Lines::open(path));
  records::Line line;
  json::Document doc;
  const auto one = [&]() -> Result<void> {
    RM_ASSIGN(const json::Value record, records::parse_line(doc, line, lines.name()));
    return take(line, record);
  };
  while (true) {
    RM_ASSIGN(const bool more, lines.next(line));
    if (!more) return {};
    ++records;
    const auto taken = one();
    if (taken) continue;
    Error e = taken.error();
    const std::string at = lines.name() + ":" + std::to_string(line.number);
    if (!e.where.starts_with(at)) e.where = e.where.empty() ? at : at + ": " + e.where;
    const bool silent = among(lenience.silent, e.reason);
    if (e.exit != Exit::kInput || (o.stops_on_bad && !silent && !among(lenience.endless, e.reason))) return e;
    Omission& omitted = left_out[e.reason];
    const std::uint64_t n = ++omitted.count;
    if (n == 1) omitted.first = e;
    if (o.common.quiet || silent || n > kTold) continue;
    cli::warn(o.words.program, e.text() + (n == kTold ? " (more of this kind are counted, not told)" : ""));
  }
}

Error nothing_left(const RunOptions& o, const std::string& what, std::uint64_t records, const LeftOut& left_out) {
  return make_error(Exit::kInput, "empty",
                    std::string("there is no ") + o.words.one + " to " + what + ": " + format_grouped(records) +
                        " records were read" + left_out_text(left_out, ", "));
}

}  // namespace rm::traincli
