// Draws from binomial and multinomial distributions, for resampling many items at the cost of their distinct kinds.
//
// Exact, not a normal approximation: inversion for small means, else transformed rejection (W. Hörmann, The generation of
// binomial random variates, J. Stat. Comput. Simul. 46 (1993), 101-110, algorithm BTRS). The same draws on every machine up
// to the C library's logarithm. One thread an Rng.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lib/base/rng.h"

namespace rm::stats {

// Successes in n trials of probability p; p is clamped to [0, 1].
std::uint64_t binomial(Rng& rng, std::uint64_t n, double p);

// n draws with replacement from items of which weight[i] are of kind i; how many fell to each. All zero where the weights are.
void multinomial(Rng& rng, std::uint64_t n, std::span<const std::uint64_t> weight, std::vector<std::uint64_t>& out);

}  // namespace rm::stats
