// The published shape of each benchmark: its subsets, how many items they hold, and which figures are made of them.
//
// Plain data. Sources: RewardBench (arXiv:2403.13787), counts and sections of its constants.py; RewardBench 2
// (arXiv:2506.01937) and its data card; RM-Bench (arXiv:2410.16184); RMB (arXiv:2410.09893), counts of RM-R1's published
// results. A benchmark named "pairs" has no rules: its subsets are whatever the records say.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace rm::bench {

enum class Kind { kRewardBench, kRewardBench2, kRmBench, kRmb, kPairs };

struct Subset {
  std::string_view name;
  std::string_view section;  // RewardBench: Chat, ...; RM-Bench: the domain; else the name itself
  std::int64_t items = 0;
  std::int64_t weight = 0;  // in its section; math-prm counts as much as the code subsets together
};

struct Rules {
  Kind kind;
  std::string_view name;  // as in the field bench.name
  std::int64_t version;
  std::span<const Subset> subsets;  // empty: those of the records
};

std::span<const Rules> all_rules();
const Rules* find_rules(std::string_view name);  // null: no such benchmark

// RM-Bench: cells are 3 x chosen style + rejected style; styles are concise, detailed plain, detailed markdown.
inline constexpr int kCells = 9;
enum class Level { kHard, kNormal, kEasy };
Level level(int cell);
std::string_view name(Level l);
std::string_view style(int s);
// Whose verdict upstream's final script takes for a cell: it reads the third file of results in place of the second.
int upstream_source(int cell);

// RMB: the part that a subset (upstream's category path) belongs to, or empty.
struct Part {
  std::string_view name, prefix;
  bool groups;         // best-of-N: an item is a group of pairs, right only if all of them are
  std::int64_t items;  // pairs or groups
};
std::span<const Part> rmb_parts();
const Part* find_part(std::string_view subset);

inline constexpr std::string_view kTies = "Ties";  // RewardBench 2

}  // namespace rm::bench
