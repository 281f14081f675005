// Figures with intervals from slots. Internal to scores and compare.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/bench/shares.h"

namespace rm::bench {

struct Term {
  std::size_t slot = 0;
  double weight = 1;
};

class Figures {
 public:
  // `range_low` is the least a share can be: 0, or -1 for differences (which have no Wilson interval).
  Figures(Tally& tally, const Slots& slots, Credit credit, bool with_ties, const Settings& s, bool differences = false);

  // The weighted mean of slot means.
  Figure weighted(std::string group, std::string name, const std::vector<Term>& terms) const;
  // The mean over everything in these slots, each share alike.
  Figure pooled(std::string group, std::string name, const std::vector<std::size_t>& slots) const;
  // The mean of another credit over all records, apart from slots.
  Figure records(std::string group, std::string name, const Credit& credit) const;

  const std::vector<SlotTotal>& totals() const { return totals_; }

 private:
  Figure with_bootstrap(Figure f, const stats::Composite& c) const;

  Tally& tally_;
  const Slots& slots_;
  Credit credit_;
  bool with_ties_, differences_;
  Settings settings_;
  std::vector<SlotTotal> totals_;
};

}  // namespace rm::bench
