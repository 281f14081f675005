#include "lib/rubric/tally.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "lib/base/json.h"
#include "lib/stats/bootstrap.h"

namespace rm::rubric {
namespace {

constexpr double kCloseToOne = 0.005;
constexpr std::string_view kEdge = " .,;:!?*_`\"'()[]<>#-";

bool ends_with_any(std::string_view s, std::initializer_list<std::string_view> ends) {
  return std::ranges::any_of(ends, [&](std::string_view e) { return s.ends_with(e); });
}

void to_singular(std::string& name) {
  const std::size_t blank = name.find_last_of(' ');
  const std::size_t word = name.size() - (blank == name.npos ? 0 : blank + 1);
  if (word < 4 || name.back() != 's' || ends_with_any(name, {"ss", "us", "is"})) return;
  if (name.ends_with("ies")) {
    name.replace(name.size() - 3, 3, "y");
  } else {
    name.resize(name.size() - (ends_with_any(name, {"sses", "xes"}) ? 2 : 1));
  }
}

json::Writer& write_interval(json::Writer& w, const stats::Interval& i) {
  return w.member("low", i.low).member("high", i.high);
}

}  // namespace

std::string fold_name(std::string_view name) {
  std::string out;
  const auto blank = [&out] {
    if (!out.empty() && out.back() != ' ') out += ' ';
  };
  for (const char c : name) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '-' || c == '_') {
      blank();
    } else if (c == '&') {
      blank();
      out += "and ";
    } else {
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  const std::size_t first = out.find_first_not_of(kEdge);
  if (first == out.npos) return out;
  out = out.substr(first, out.find_last_not_of(kEdge) - first + 1);
  to_singular(out);
  return out;
}

void Tally::add(const records::Rubric& r) {
  ++counts_.rubrics;
  if (!r.criteria.empty()) ++counts_.with_criteria;
  if (!r.solution.empty()) ++counts_.with_solution;
  if (r.type == "chat") ++chat_;
  if (r.type == "reasoning") ++reasoning_;
  for (const records::Unread& u : r.unread) ++counts_.unread[u.what + ": " + u.reason];
  double sum = 0;
  bool full = !r.criteria.empty();
  std::set<std::string> seen;  // a rubric counts once for a group
  for (const records::Criterion& c : r.criteria) {
    ++counts_.criteria;
    if (c.weight) ++counts_.weighted;
    full = full && c.weight;
    sum += c.weight.value_or(0);
    std::string key = fold_name(c.name);
    Group& g = groups_[key];
    ++g.spellings[c.name];
    if (c.weight) ++g.weights[*c.weight];
    if (seen.insert(std::move(key)).second) ++g.rubrics;
  }
  if (!full) return;
  ++counts_.full;
  if (std::abs(sum - 1) <= kCloseToOne) ++counts_.sum_to_one;
}

Figure Tally::figure(const Group& g, std::uint64_t seed) const {
  Figure f;
  std::uint64_t most = 0;
  for (const auto& [spelling, n] : g.spellings) {
    if (n > most) most = n, f.name = spelling;
  }
  f.rubrics = g.rubrics;
  double sum = 0;
  stats::Composite mean;
  mean.strata.push_back({{1.0}, {}});
  for (const auto& [weight, n] : g.weights) {
    f.weighted += n;
    sum += weight * static_cast<double>(n);
    mean.strata[0].patterns.push_back({n, {{weight, 1}}});
  }
  if (f.weighted == 0) return f;
  f.mean = sum / static_cast<double>(f.weighted);
  if (f.weighted > 1) f.interval = stats::bootstrap(mean, seed);
  return f;
}

Summary Tally::summary(std::uint64_t seed) const {
  Summary s = counts_;
  for (const auto& [name, n] : {std::pair{"chat", chat_}, std::pair{"reasoning", reasoning_},
                                std::pair{"none", s.rubrics - chat_ - reasoning_}}) {
    const auto all = static_cast<std::int64_t>(s.rubrics);
    s.types.push_back({name, n, stats::wilson(static_cast<std::int64_t>(n), all)});
  }
  for (const auto& [key, group] : groups_) s.groups.push_back(figure(group, seed));
  std::ranges::sort(s.groups, [](const Figure& a, const Figure& b) {
    return a.rubrics != b.rubrics ? a.rubrics > b.rubrics : a.name < b.name;
  });
  return s;
}

std::string summary_json(const Summary& s) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("rubrics", s.rubrics).member("with_criteria", s.with_criteria);
  w.member("with_solution", s.with_solution).key("types").begin_object();
  for (const Share& t : s.types) {
    w.key(t.name).begin_object().member("count", t.count);
    write_interval(w, t.interval).end_object();
  }
  w.end_object().member("criteria", s.criteria).member("weighted", s.weighted);
  w.member("all_weighted", s.full).member("sum_to_one", s.sum_to_one).key("unread").begin_object();
  for (const auto& [what, n] : s.unread) w.member(what, n);
  w.end_object().key("groups").begin_array();
  for (const Figure& f : s.groups) {
    w.begin_object().member("name", std::string_view(f.name)).member("rubrics", f.rubrics);
    w.member("weighted", f.weighted).member("mean", f.mean);
    w.member("low", f.interval ? std::optional(f.interval->low) : std::nullopt);
    w.member("high", f.interval ? std::optional(f.interval->high) : std::nullopt).end_object();
  }
  w.end_array().end_object();
  return out;
}

}  // namespace rm::rubric
