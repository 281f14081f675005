// Intervals for composites (means of means, weighted sections) by resampling whole items inside each stratum.
//
// A composite is sum_t weight_t * (sum of x over the items) / (sum of n over the items), terms t spread over strata; what
// belongs to one item stays together, so its records may depend on each other. From a stratum of n items n - 1 are drawn
// with replacement, which makes the variance of a mean unbiased (J. N. K. Rao and C. F. J. Wu, Resampling inference with
// complex survey data, JASA 83 (1988), 231-241); a stratum of one item stays as it is. Interval: percentiles (B. Efron, Ann.
// Statist. 7 (1979), 1-26). Items alike are drawn together (stats/binomial), so time does not grow with their number.
// Seeded: the same bits every time. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "lib/stats/wilson.h"

namespace rm::stats {

struct Ratio {
  double sum = 0, count = 0;
  bool operator==(const Ratio&) const = default;
};

// Items that are alike: one Ratio a term of the stratum.
struct Pattern {
  std::uint64_t items = 0;
  std::vector<Ratio> terms;
};

struct Stratum {
  std::vector<double> weights;  // one a term
  std::vector<Pattern> patterns;
};

struct Composite {
  std::vector<Stratum> strata;
  // Terms without any count drop out, and the weights of those left keep their proportions. Empty: no term has a count.
  double value() const;
  bool empty() const;
};

// Any other statistic of the sums, by the same resampling: totals[s][t] are those of term t of stratum s. Resamples for which
// it has no value are left out.
using Statistic = std::function<std::optional<double>(const std::vector<std::vector<Ratio>>& totals)>;
Interval bootstrap(const std::vector<Stratum>& strata, const Statistic& f, std::uint64_t seed, int resamples = 2000,
                   double level = 0.95);

// A level in (0, 1); [value, value] where nothing varies. An empty composite has [0, 1].
Interval bootstrap(const Composite& c, std::uint64_t seed, int resamples = 2000, double level = 0.95);

}  // namespace rm::stats
