#include "tools/rm-rubric/vet_counts.h"

#include <algorithm>

#include "lib/base/number.h"
#include "lib/stats/agreement.h"
#include "lib/stats/wilson.h"

namespace rm::rmrubric {
namespace {

stats::Interval interval(std::uint64_t n, std::uint64_t all) {
  return stats::wilson(static_cast<std::int64_t>(n), static_cast<std::int64_t>(all));
}

void write_share(json::Writer& w, const char* name, std::uint64_t n, std::uint64_t all) {
  const stats::Interval i = interval(n, all);
  w.key(name).begin_object().member("count", n).member("of", all).key("share");
  all > 0 ? w.value(static_cast<double>(n) / static_cast<double>(all)) : w.null();
  w.member("low", i.low).member("high", i.high).end_object();
}

// "13 of 24 (54.2 %, 95 % interval 35.1 to 72.1)"
std::string share(std::uint64_t n, std::uint64_t all) {
  std::string s = format_grouped(n) + " of " + format_grouped(all);
  if (all == 0) return s;
  const stats::Interval i = interval(n, all);
  const double whole = static_cast<double>(all);
  return s + " (" + format_fixed(100 * static_cast<double>(n) / whole, 1) + " %, 95 % interval " +
         format_fixed(100 * i.low, 1) + " to " + format_fixed(100 * i.high, 1) + ")";
}

}  // namespace

void VetCounts::add(const records::Vet& v) {
  ++rubrics;
  ++reasons[v.reason];
  reproduced += v.kept || v.reason == "no_gain";
  const bool with = v.with.correct.value_or(false), without = v.without.correct.value_or(false);
  right_with += with;
  right_without += without;
  only_with += with && !without;
  only_without += without && !with;
  unparsed_with += !v.with.verdict;
  unparsed_without += !v.without.verdict;
  bool missing = false;
  for (const records::Judgment* j : {&v.with, &v.without}) {
    for (const records::Sample& s : j->samples) {
      missing = missing || s.reason == "error";
      prompt_tokens += s.prompt_tokens;
      completion_tokens += s.completion_tokens;
    }
  }
  incomplete += missing;
}

void VetCounts::members(json::Writer& w) const {
  w.member("rubrics", rubrics);
  write_share(w, "reproduce_label", reproduced, rubrics);
  w.key("reasons").begin_object();
  for (const auto& [reason, n] : reasons) w.member(reason, n);
  w.end_object();
  write_share(w, "accuracy_with", right_with, rubrics);
  write_share(w, "accuracy_without", right_without, rubrics);
  w.member("right_only_with", only_with).member("right_only_without", only_without);
  w.member("p_mcnemar", stats::mcnemar_exact(only_with, only_without));
  w.member("no_verdict_with", unparsed_with).member("no_verdict_without", unparsed_without);
  w.member("incomplete", incomplete);
  w.key("tokens").begin_object().member("prompt", prompt_tokens).member("completion", completion_tokens).end_object();
}

std::string VetCounts::words() const {
  std::string s = "rubrics that reproduce the label: " + share(reproduced, rubrics);
  s += "\nright with the rubric:    " + share(right_with, rubrics);
  s += "\nright without the rubric: " + share(right_without, rubrics);
  s += "\nright only with it " + format_grouped(only_with) + ", only without it " + format_grouped(only_without) +
       ", McNemar's p " + format_fixed(stats::mcnemar_exact(only_with, only_without), 3);
  std::string list;
  for (const auto& [reason, n] : reasons) list += (list.empty() ? "" : ", ") + reason + " " + format_grouped(n);
  if (!list.empty()) s += "\nby reason: " + list;
  if (unparsed_with + unparsed_without > 0)
    s += "\nno verdict: with " + format_grouped(unparsed_with) + ", without " + format_grouped(unparsed_without);
  return s;
}

}  // namespace rm::rmrubric
