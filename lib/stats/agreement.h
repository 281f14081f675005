// Whether two judges of the same things differ, and how much they agree.
//
// Pure functions, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rm::stats {

// Two-sided p-value that the discordant pairs split evenly: the exact binomial form of Q. McNemar, Psychometrika 12 (1947),
// 153-157. 1 where nothing is discordant. Time grows with the smaller count.
double mcnemar_exact(std::uint64_t only_first, std::uint64_t only_second);

// Cohen's kappa (J. Cohen, Educ. Psychol. Meas. 20 (1960), 37-46) of a square table of counts, row by row: agreement beyond
// what the two judges' own shares would give. 1 where both always say the same one thing; 0 for an empty table.
double cohen_kappa(std::span<const double> table, std::size_t categories);

// P-values corrected for their number (S. Holm, Scand. J. Stat. 6 (1979), 65-70), in the order given.
std::vector<double> holm(std::span<const double> p);

}  // namespace rm::stats
