#include "lib/bench/shape.h"

#include <algorithm>
#include <utility>

namespace rm::bench {
namespace {

Shape reward_bench(const Rules& r, const Slots& slots) {
  Shape shape;
  std::vector<std::string_view> sections;
  for (const Subset& s : r.subsets) {
    if (std::ranges::find(sections, s.section) == sections.end()) sections.push_back(s.section);
  }
  Group micro{"micro", "every pair alike", {}, true};
  for (const std::string_view section : sections) {
    Group g{"section", std::string(section), {}};
    double sum = 0;
    for (const Subset& s : r.subsets) {
      const auto slot = s.section == section ? slots.find("subset", s.name) : std::nullopt;
      if (!slot) continue;
      g.terms.push_back({*slot, static_cast<double>(s.weight)});
      micro.terms.push_back({*slot, 1});
      sum += static_cast<double>(s.weight);
    }
    for (const Term& t : g.terms) shape.overall.terms.push_back({t.slot, t.weight / sum});
    if (!g.terms.empty()) shape.groups.push_back(std::move(g));
  }
  shape.groups.push_back(std::move(micro));
  return shape;
}

// Upstream's weights of accuracy and margin; its hundredth for the margin itself is inside "hard" (shares.cc).
std::vector<Term> ties_terms(const Slots& slots, double weight) {
  std::vector<Term> out;
  constexpr std::pair<const char*, double> kWeights[] = {
      {"tied", 0.3}, {"ref", 0.3}, {"preferred", 0.2}, {"hard", 0.2}};
  for (const auto& [name, w] : kWeights) {
    if (const auto slot = slots.find("ties", name)) out.push_back({*slot, w * weight});
  }
  return out;
}

Shape reward_bench_2(const Rules& r, const Slots& slots, bool with_ties) {
  Shape shape;
  for (const Subset& s : r.subsets) {
    const auto slot = slots.find("subset", s.name);
    if (!slot || (s.name == kTies && !with_ties)) continue;
    Group g{"subset", std::string(s.name), {}};
    if (s.name == kTies) {
      g.terms = ties_terms(slots, 1);
    } else {
      g.terms.push_back({*slot, 1});
    }
    shape.overall.terms.insert(shape.overall.terms.end(), g.terms.begin(), g.terms.end());
    shape.groups.push_back(std::move(g));
  }
  return shape;
}

Shape rm_bench(const Slots& slots, const std::vector<SlotTotal>& totals) {
  Shape shape;
  // The cells of a domain and level that anything fell into: a level is the mean of its cells, a domain of its levels.
  const auto cells = [&](std::string_view domain, Level l) {
    std::vector<std::size_t> out;
    for (int c = 0; c < kCells; ++c) {
      const auto slot =
          level(c) == l ? slots.find("cell", std::string(domain) + "/" + std::to_string(c)) : std::nullopt;
      if (slot && totals[*slot].ratio.count > 0) out.push_back(*slot);
    }
    return out;
  };
  constexpr Level kLevels[] = {Level::kEasy, Level::kNormal, Level::kHard};
  const auto add = [](std::vector<Term>& to, const std::vector<std::size_t>& from, double weight) {
    for (const std::size_t s : from) to.push_back({s, weight / static_cast<double>(from.size())});
  };
  std::vector<Group> levels;
  for (const Level l : kLevels) levels.push_back({"level", std::string(name(l)), {}});
  for (const char* domain : {"chat", "math", "code", "safety"}) {
    Group g{"domain", domain, {}};
    double there = 0;
    for (const Level l : kLevels) there += cells(domain, l).empty() ? 0 : 1;
    for (std::size_t i = 0; i < 3; ++i) {
      add(g.terms, cells(domain, kLevels[i]), 1 / there);
      add(levels[i].terms, cells(domain, kLevels[i]), 1);
    }
    shape.overall.terms.insert(shape.overall.terms.end(), g.terms.begin(), g.terms.end());
    if (!g.terms.empty()) shape.groups.push_back(std::move(g));
  }
  for (Group& l : levels) {
    if (!l.terms.empty()) shape.groups.push_back(std::move(l));
  }
  return shape;
}

Shape rmb(const Slots& slots, const std::vector<SlotTotal>& totals) {
  Shape shape;
  std::vector<Group> categories, pairs;
  for (const Part& p : rmb_parts()) {
    Group g{"part", std::string(p.name), {}, true}, inside{"pairs", std::string(p.name), {}, true};
    double sum = 0;
    for (std::size_t i = 0; i < slots.all().size(); ++i) {
      const Slot& s = slots.all()[i];
      if (find_part(s.name) != &p) continue;
      if (s.group == "pairs") inside.terms.push_back({i, 1});
      if (s.group != "subset") continue;
      g.terms.push_back({i, totals[i].ratio.count});
      sum += totals[i].ratio.count;
      categories.push_back({"subset", s.name, {{i, 1}}});
    }
    if (sum <= 0) continue;
    for (const Term& t : g.terms) shape.overall.terms.push_back({t.slot, t.weight / sum});
    shape.groups.push_back(std::move(g));
    if (!inside.terms.empty()) pairs.push_back(std::move(inside));
  }
  shape.groups.insert(shape.groups.end(), pairs.begin(), pairs.end());
  shape.groups.insert(shape.groups.end(), categories.begin(), categories.end());
  return shape;
}

}  // namespace

std::vector<std::size_t> Group::slots() const {
  std::vector<std::size_t> out;
  for (const Term& t : terms) out.push_back(t.slot);
  return out;
}

Shape shape_of(const Rules& r, const Slots& slots, const std::vector<SlotTotal>& totals, bool with_ties) {
  Shape shape;
  switch (r.kind) {
    case Kind::kRewardBench:
      shape = reward_bench(r, slots);
      break;
    case Kind::kRewardBench2:
      return reward_bench_2(r, slots, with_ties);
    case Kind::kRmBench:
      return rm_bench(slots, totals);
    case Kind::kRmb:
      return rmb(slots, totals);
    case Kind::kPairs:
      shape.overall.pooled = true;
      break;
  }
  std::vector<Group> subsets;
  for (std::size_t i = 0; i < slots.all().size(); ++i) {
    if (shape.overall.pooled) shape.overall.terms.push_back({i, 1});
    if (r.kind == Kind::kPairs) subsets.push_back({"subset", slots.all()[i].name, {{i, 1}}});
  }
  for (const Subset& s : r.subsets) {
    if (const auto slot = slots.find("subset", s.name))
      subsets.push_back({"subset", std::string(s.name), {{*slot, 1}}});
  }
  if (r.kind != Kind::kPairs || subsets.size() > 1)
    shape.groups.insert(shape.groups.end(), subsets.begin(), subsets.end());
  return shape;
}

Figures::Source source_of(const Slots& slots, Credit credit, bool with_ties) {
  return [&slots, credit = std::move(credit), with_ties](const Slots::PerItem& f) {
    slots.each_item(credit, with_ties, f);
  };
}

}  // namespace rm::bench
