// Figures with intervals from slots. Internal to scores and compare.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lib/bench/shares.h"

namespace rm::bench {

struct SlotTotal {
  stats::Ratio ratio;
  bool simple = true;  // every item has one share that is wholly right or wrong
};

struct Term {
  std::size_t slot = 0;
  double weight = 1;
};

// Gathers items that are alike, for one term or several. Most have one share that is 0 or 1: those are only counted.
class Patterns {
 public:
  explicit Patterns(std::size_t terms) : terms_(terms) {}
  void add(const stats::Ratio& only) {
    if (only.count == 1 && (only.sum == 0 || only.sum == 1)) {
      ++plain_[only.sum == 1 ? 1 : 0];
    } else {
      add_other({&only, 1});
    }
  }
  void add(std::span<const stats::Ratio> terms) { terms_ == 1 ? add(terms[0]) : add_other(terms); }
  bool simple() const { return patterns_.empty(); }  // nothing but 0 and 1
  std::vector<stats::Pattern> take();

 private:
  void add_other(std::span<const stats::Ratio> terms);

  std::size_t terms_;
  std::uint64_t plain_[2] = {0, 0};
  std::string key_;
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<stats::Pattern> patterns_;
};

class Figures {
 public:
  // Hands every item's shares to what it is given, each time in the same order.
  using Source = std::function<void(const Slots::PerItem&)>;
  // `differences`: shares run from -1 to 1 and have no Wilson interval.
  Figures(const Slots& slots, Source source, const Settings& s, bool differences = false);

  // The weighted mean of slot means.
  Figure weighted(std::string group, std::string name, const std::vector<Term>& terms) const;
  // The mean over everything in these slots, each share alike.
  Figure pooled(std::string group, std::string name, const std::vector<std::size_t>& slots) const;
  const std::vector<SlotTotal>& totals() const { return totals_; }

 private:
  const Slots& slots_;
  Source source_;
  Settings settings_;
  bool differences_;
  std::vector<SlotTotal> totals_;
};

// The mean over all of these, by Wilson where each is one record that is wholly right or wrong, else by the bootstrap.
Figure pattern_figure(Figure f, Patterns patterns, const Settings& s, bool differences = false);

// The mean of a credit over records, apart from slots.
template <class F>
Figure records_figure(std::string group, std::string name, const std::vector<Row>& rows, F credit, const Settings& s) {
  Patterns patterns(1);
  for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    stats::Ratio r;
    for (; end < rows.size() && rows[end].item == rows[begin].item; ++end) {
      if (const std::optional<double> c = credit(rows[end])) r.sum += *c, r.count += 1;
    }
    if (r.count > 0) patterns.add(r);
  }
  return pattern_figure({std::move(group), std::move(name)}, std::move(patterns), s);
}

}  // namespace rm::bench
