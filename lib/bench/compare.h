// Whether two judges of the same items differ: on the benchmark's own score, record by record, and where.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lib/bench/scores.h"
#include "lib/bench/tally.h"

namespace rm::bench {

// What a record came to for agreement: right, wrong, tied, no verdict.
inline constexpr std::size_t kCategories = 4;
std::size_t category(Outcome o);
std::string_view category_name(std::size_t c);

struct Comparison {
  std::string first, second;  // names of the runs
  Figure of_first, of_second;
  Figure difference;           // second less first, on the overall score, by a paired bootstrap of items
  std::vector<Figure> groups;  // likewise by section, domain, part, level and subset
  std::array<std::uint64_t, kCategories * kCategories> table{};  // records: first's category by second's
  std::uint64_t only_first = 0, only_second = 0;                 // right in one of them alone
  double p = 1, p_holm = 1;  // McNemar's exact test on those; corrected for several comparisons
  Figure agreement, kappa;   // the same category; beyond chance
};

// Both tallies have passed check(). Renumbers `second`. Errors: reason "other_items" naming what only one of them has.
Result<Comparison> compare(Tally& first, Tally& second, const Settings& s);

// Sets p_holm of all by their number.
void correct_for_number(std::vector<Comparison>& all);

// Every record in which the two came to different categories, in the order of the items.
using Differing = std::function<Result<void>(const Item& item, const Row& first, const Row& second)>;
Result<void> each_difference(Tally& first, Tally& second, const Differing& f);

// {"comparisons": [...]}, one line; fractions, unrounded.
std::string comparisons_json(const std::vector<Comparison>& all, const Settings& s, bool partial);

}  // namespace rm::bench
