#include "lib/distill/filter.h"

namespace rm::distill {

std::optional<Filter> parse_filter(std::string_view text) {
  for (const Filter f : {Filter::kDistill, Filter::kStrict}) {
    if (text == name(f)) return f;
  }
  return std::nullopt;
}

const char* name(Filter f) { return f == Filter::kDistill ? "distill" : "strict"; }

std::string_view why_not(std::string_view trace, bool cut, judge::Side right, Filter f) {
  if (cut) return "length";
  if (f == Filter::kDistill && judge::distill_keeps(trace, right)) return "";
  const auto mode = f == Filter::kDistill ? judge::VerdictMode::kDistill : judge::VerdictMode::kStrict;
  const judge::Verdict v = judge::read_verdict(trace, mode);
  if (v.side) return *v.side == right ? "" : "other_verdict";
  return v.why == judge::NoVerdict::kConflict ? "conflict" : "no_verdict";
}

}  // namespace rm::distill
