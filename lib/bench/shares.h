// From rows to sums: which share of which item goes where. Internal to scores and compare.
//
// A slot is one sum of a benchmark: a subset, an RM-Bench cell of a domain, the groups of an RMB category. A figure is a mean
// of slots. All shares of an item fall into one stratum.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/bench/scores.h"
#include "lib/bench/tally.h"
#include "lib/stats/bootstrap.h"

namespace rm::bench {

// What one record counts, 0 to 1; empty: it does not count.
using Credit = std::function<std::optional<double>(const Row&)>;

struct Share {
  std::size_t slot = 0;
  stats::Ratio ratio;
};

struct Slot {
  std::string group, name;
  std::size_t stratum = 0;
};

class Slots {
 public:
  // `item` grows from call to call and names the same item in aligned tallies.
  using PerItem = std::function<void(std::uint64_t item, std::size_t stratum, std::span<const Share>)>;

  Slots(Tally& tally, const Settings& s);

  // Once an item with its shares. The Ties prompts of RewardBench 2 (a tied one and its reference are one item) have ratings
  // and no record's credit: they come only `with_ties`.
  void each_item(const Credit& credit, bool with_ties, const PerItem& f) const;
  const std::vector<Slot>& all() const { return slots_; }
  std::optional<std::size_t> find(std::string_view group, std::string_view name) const;

 private:
  std::size_t add(std::string group, std::string name, std::size_t stratum);
  void each_prompt(const PerItem& f) const;
  void rm_bench(std::span<const Row> rows, const Credit& credit, std::vector<Share>& out) const;
  void group_of_pairs(std::span<const Row> rows, const Credit& credit, std::vector<Share>& out) const;

  Tally& tally_;
  Settings settings_;
  std::vector<Slot> slots_;
  std::vector<std::size_t> slot_of_;  // by subset: its first slot
  std::size_t ties_slot_ = 0;         // tied, ref, preferred, preferred though hard
};

// What the settings make of a record: right 1, wrong 0, without a verdict as `unparsed` says.
Credit judge_credit(const Settings& s);

}  // namespace rm::bench
