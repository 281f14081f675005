#include "lib/stats/wilson.h"

#include <algorithm>
#include <cmath>

namespace rm::stats {

Interval wilson(std::int64_t successes, std::int64_t trials, double z) {
  if (trials <= 0 || successes < 0 || successes > trials || !(z >= 0)) return {};
  const double n = static_cast<double>(trials), p = static_cast<double>(successes) / n, zz = z * z;
  const double scale = 1 / (1 + zz / n);
  const double centre = (p + zz / (2 * n)) * scale;
  const double half = z * std::sqrt(p * (1 - p) / n + zz / (4 * n * n)) * scale;
  return {successes == 0 ? 0 : std::max(0.0, centre - half), successes == trials ? 1 : std::min(1.0, centre + half)};
}

}  // namespace rm::stats
