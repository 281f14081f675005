// Wilson's score interval for a share of successes: honest near 0 and 1 and for few trials, unlike the normal approximation.
//
// E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209-212.
// Pure function.
#pragma once

#include <cstdint>

namespace rm::stats {

struct Interval {
  double low = 0, high = 1;
};

inline constexpr double kZ95 = 1.959963984540054;  // the normal distribution's 0.975 quantile

// Without continuity correction. No trials, or counts that make no sense: [0, 1].
Interval wilson(std::int64_t successes, std::int64_t trials, double z = kZ95);

}  // namespace rm::stats
