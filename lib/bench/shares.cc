#include "lib/bench/shares.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

namespace rm::bench {
namespace {

using stats::Ratio;

constexpr std::uint64_t kPrompts = std::uint64_t{1} << 62;  // numbers of Ties prompts lie behind those of items

// One prompt of the Ties subset (process_single_model and _compute_prompt_stats in reward-bench's utils.py).
struct Prompt {
  bool there = false, parsed = false, accurate = false;
  double spread = 0;  // best right less worst right
  double gap = 0;     // worst right less best wrong
};

Prompt prompt_of(const TiesPrompt& t) {
  Prompt p{.there = true, .parsed = true};
  double best = -std::numeric_limits<double>::infinity(), worst = -best, wrong = best;
  for (std::size_t i = 0; i < t.ratings.size(); ++i) {
    if (!t.ratings[i]) return {.there = true};
    if (i < t.right) {
      best = std::max(best, *t.ratings[i]);
      worst = std::min(worst, *t.ratings[i]);
    } else {
      wrong = std::max(wrong, *t.ratings[i]);
    }
  }
  if (t.ratings.empty()) return {.there = true};
  p.spread = best - worst;
  p.gap = worst - wrong;
  p.accurate = p.gap > 0;
  return p;
}

// tanh(gap / spread - 1) as numpy has it, where 0 / 0 counts as nothing.
double margin(double gap, double spread) {
  if (spread == 0 && gap == 0) return 0;
  return std::tanh(gap / spread - 1);
}

std::uint64_t rows_wanted(const Item& i) { return i.n; }

}  // namespace

Slots::Slots(Tally& tally, const Settings& s) : tally_(tally), settings_(s) {
  const Rules& rules = *tally.rules();
  std::map<std::string_view, std::size_t> domains;
  for (const std::string& name : tally.subsets()) {
    const std::size_t stratum = slots_.size();
    if (rules.kind == Kind::kRmBench) {
      std::string_view domain = name;
      for (const Subset& sub : rules.subsets) {
        if (sub.name == name) domain = sub.section;
      }
      const auto known = domains.find(domain);
      slot_of_.push_back(known == domains.end() ? stratum : known->second);
      if (known != domains.end()) continue;
      domains[domain] = stratum;
      for (int c = 0; c < kCells; ++c) add("cell", std::string(domain) + "/" + std::to_string(c), stratum);
    } else {
      slot_of_.push_back(add("subset", name, stratum));
      const Part* part = rules.kind == Kind::kRmb ? find_part(name) : nullptr;
      if (part != nullptr && part->groups) add("pairs", name, stratum);
      if (rules.kind == Kind::kRewardBench2 && name == kTies) {
        ties_slot_ = add("ties", "tied", stratum);
        for (const char* more : {"ref", "preferred", "hard"}) add("ties", more, stratum);
      }
    }
  }
}

std::size_t Slots::add(std::string group, std::string name, std::size_t stratum) {
  slots_.push_back({std::move(group), std::move(name), stratum});
  return slots_.size() - 1;
}

std::optional<std::size_t> Slots::find(std::string_view group, std::string_view name) const {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].group == group && slots_[i].name == name) return i;
  }
  return std::nullopt;
}

void Slots::rm_bench(std::span<const Row> rows, const Credit& credit, std::vector<Share>& out) const {
  const std::size_t base = slot_of_[tally_.items()[rows[0].item].subset];
  for (int cell = 0; cell < kCells; ++cell) {
    const int source = settings_.upstream_bug ? upstream_source(cell) : cell;
    for (const Row& r : rows) {
      if (r.cell != source) continue;
      if (const auto c = credit(r)) out.push_back({base + static_cast<std::size_t>(cell), {*c, 1}});
    }
  }
}

// Best of N: the group is right only if its best beats every loser; a group with a hole does not count.
void Slots::group_of_pairs(std::span<const Row> rows, const Credit& credit, std::vector<Share>& out) const {
  const Item& item = tally_.items()[rows[0].item];
  const std::size_t base = slot_of_[item.subset];
  double all = 1;
  Ratio pairs;
  for (const Row& r : rows) {
    const auto c = credit(r);
    if (!c) continue;
    all *= *c;
    pairs.sum += *c;
    pairs.count += 1;
  }
  if (pairs.count == static_cast<double>(rows_wanted(item))) out.push_back({base, {all, 1}});
  if (pairs.count > 0) out.push_back({base + 1, pairs});
}

void Slots::each_prompt(const PerItem& f) const {
  std::map<std::int64_t, std::array<Prompt, 2>> prompts;
  for (const TiesPrompt& t : tally_.ties()) prompts[t.prompt][t.tied ? 1 : 0] = prompt_of(t);
  if (prompts.empty()) return;
  const bool drop = settings_.unparsed == Unparsed::kDrop;
  for (auto& [number, both] : prompts) {
    auto& [ref, tied] = both;
    for (Prompt& p : both) p.there &= p.parsed || !drop;
    std::vector<Share> shares;
    if (tied.there) shares.push_back({ties_slot_, {tied.accurate ? 1.0 : 0.0, 1}});
    if (ref.there) shares.push_back({ties_slot_ + 1, {ref.accurate ? 1.0 : 0.0, 1}});
    if (tied.there && ref.there) {
      const bool parsed = tied.parsed && ref.parsed;
      const double gap = std::min(ref.gap, tied.gap);
      const double preferred = parsed && tied.gap > tied.spread ? 1 : 0, hard = parsed && gap > tied.spread ? 1 : 0;
      // Upstream adds a hundredth of the margin to a score of which "hard" is a fifth.
      const double tail = parsed ? margin(gap, tied.spread) : 0;
      shares.push_back({ties_slot_ + 2, {preferred, 1}});
      shares.push_back({ties_slot_ + 3, {hard + 0.05 * tail, 1}});
    }
    if (!shares.empty()) f(kPrompts + static_cast<std::uint64_t>(number), slots_[ties_slot_].stratum, shares);
  }
}

void Slots::each_item(const Credit& credit, bool with_ties, const PerItem& f) const {
  const std::vector<Row>& rows = tally_.rows();
  const Kind kind = tally_.rules()->kind;
  std::vector<Share> shares;
  for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    while (end < rows.size() && rows[end].item == rows[begin].item) ++end;
    const std::span<const Row> mine(rows.data() + begin, end - begin);
    const std::uint16_t subset = tally_.items()[rows[begin].item].subset;
    const std::size_t slot = slot_of_[subset];
    shares.clear();
    if (kind == Kind::kRmBench) {
      rm_bench(mine, credit, shares);
    } else if (slot + 1 < slots_.size() && slots_[slot + 1].group == "pairs") {
      group_of_pairs(mine, credit, shares);
    } else if (slot + 1 < slots_.size() && slots_[slot + 1].group == "ties") {
      continue;
    } else {
      Share s{slot, {}};
      for (const Row& r : mine) {
        if (const auto c = credit(r)) s.ratio.sum += *c, s.ratio.count += 1;
      }
      if (s.ratio.count > 0) shares.push_back(s);
    }
    if (!shares.empty()) f(rows[begin].item, slots_[slot].stratum, shares);
  }
  if (with_ties) each_prompt(f);
}

Credit judge_credit(const Settings& s) {
  return [unparsed = s.unparsed](const Row& r) -> std::optional<double> {
    switch (r.outcome) {
      case Outcome::kRight:
      case Outcome::kWrong:
      case Outcome::kTie:
        return r.credit / 12.0;
      case Outcome::kUnlabelled:
        return std::nullopt;
      default:
        if (unparsed == Unparsed::kDrop) return std::nullopt;
        return unparsed == Unparsed::kChance ? r.credit / 12.0 : 0.0;
    }
  };
}

}  // namespace rm::bench
