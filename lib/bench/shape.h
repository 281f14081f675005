// Which figures a benchmark shows, as terms over slots. Internal to scores and compare.
#pragma once

#include <string>
#include <vector>

#include "lib/bench/figures.h"

namespace rm::bench {

struct Group {
  std::string group, name;
  std::vector<Term> terms;
  bool pooled = false;  // every share alike, instead of the terms' weights
  std::vector<std::size_t> slots() const;
  Figure figure(const Figures& f) const {
    return pooled ? f.pooled(group, name, slots()) : f.weighted(group, name, terms);
  }
};

struct Shape {
  Group overall{"overall", "overall", {}};
  std::vector<Group> groups;
};

// `totals`: terms that nothing fell into are left out where the rules average over what is there.
Shape shape_of(const Rules& r, const Slots& slots, const std::vector<SlotTotal>& totals, bool with_ties);

// The shares of all items under a credit.
Figures::Source source_of(const Slots& slots, Credit credit, bool with_ties);

}  // namespace rm::bench
