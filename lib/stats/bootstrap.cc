#include "lib/stats/bootstrap.h"

#include <algorithm>
#include <cmath>

#include "lib/base/rng.h"
#include "lib/stats/binomial.h"

namespace rm::stats {
namespace {

using Totals = std::vector<std::vector<Ratio>>;

// The sums of a stratum's terms over so many items of each pattern.
void total(const Stratum& s, const std::vector<std::uint64_t>& items, std::vector<Ratio>& out) {
  out.assign(s.weights.size(), Ratio());
  for (std::size_t p = 0; p < s.patterns.size(); ++p) {
    const double n = static_cast<double>(items[p]);
    if (n == 0) continue;
    for (std::size_t t = 0; t < out.size(); ++t) {
      out[t].sum += n * s.patterns[p].terms[t].sum;
      out[t].count += n * s.patterns[p].terms[t].count;
    }
  }
}

std::vector<std::uint64_t> as_counted(const Stratum& s) {
  std::vector<std::uint64_t> out;
  for (const Pattern& p : s.patterns) out.push_back(p.items);
  return out;
}

Totals totals_of(const std::vector<Stratum>& strata) {
  Totals out(strata.size());
  for (std::size_t s = 0; s < strata.size(); ++s) total(strata[s], as_counted(strata[s]), out[s]);
  return out;
}

std::optional<double> weighted_mean(const std::vector<Stratum>& strata, const Totals& totals) {
  double sum = 0, weight = 0;
  for (std::size_t s = 0; s < strata.size(); ++s) {
    for (std::size_t t = 0; t < strata[s].weights.size(); ++t) {
      const Ratio& r = totals[s][t];
      if (r.count <= 0) continue;
      sum += strata[s].weights[t] * (r.sum / r.count);
      weight += strata[s].weights[t];
    }
  }
  if (weight <= 0) return std::nullopt;
  return sum / weight;
}

// The q-quantile between the order statistics around it (type 7 of Hyndman and Fan 1996).
double quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1), below = std::floor(at);
  const auto i = static_cast<std::size_t>(below);
  if (i + 1 >= sorted.size()) return sorted.back();
  return sorted[i] + (at - below) * (sorted[i + 1] - sorted[i]);
}

double normal_below(double z) { return 0.5 * std::erfc(-z / M_SQRT2); }

// The z with so much of the normal distribution below it, by bisection: exact enough and never wrong.
double normal_quantile(double p) {
  double low = -9, high = 9;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (normal_below(middle) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

// What an item moves the composite by: its skewness over all items is BCa's acceleration (Efron 1987, section 7).
struct Influence {
  double square = 0, cube = 0;
  std::uint64_t items = 0, strata = 0;
};

Influence influence(const Composite& c, const Totals& totals) {
  double weight = 0;
  for (std::size_t s = 0; s < c.strata.size(); ++s) {
    for (std::size_t t = 0; t < totals[s].size(); ++t) weight += totals[s][t].count > 0 ? c.strata[s].weights[t] : 0;
  }
  Influence out;
  for (std::size_t s = 0; s < c.strata.size(); ++s) {
    ++out.strata;
    for (const Pattern& p : c.strata[s].patterns) {
      double u = 0;
      for (std::size_t t = 0; t < totals[s].size(); ++t) {
        const Ratio& all = totals[s][t];
        if (all.count <= 0) continue;
        u += c.strata[s].weights[t] / weight * (p.terms[t].sum - all.sum / all.count * p.terms[t].count) / all.count;
      }
      out.square += static_cast<double>(p.items) * u * u;
      out.cube += static_cast<double>(p.items) * u * u * u;
      out.items += p.items;
    }
  }
  return out;
}

std::vector<double> resample(const std::vector<Stratum>& strata, const Statistic& f, std::uint64_t seed,
                             int resamples) {
  Rng rng(seed);
  std::vector<std::vector<std::uint64_t>> items;
  std::vector<std::uint64_t> count;
  for (const Stratum& s : strata) {
    items.push_back(as_counted(s));
    count.push_back(0);
    for (const std::uint64_t n : items.back()) count.back() += n;
  }
  std::vector<double> values;
  std::vector<std::uint64_t> drawn;
  Totals totals(strata.size());
  for (int b = 0; b < resamples; ++b) {
    for (std::size_t s = 0; s < strata.size(); ++s) {
      if (count[s] > 1) multinomial(rng, count[s] - 1, items[s], drawn);
      total(strata[s], count[s] > 1 ? drawn : items[s], totals[s]);
    }
    if (const auto v = f(totals)) values.push_back(*v);
  }
  std::sort(values.begin(), values.end());
  return values;
}

}  // namespace

double Composite::value() const { return weighted_mean(strata, totals_of(strata)).value_or(0); }
bool Composite::empty() const { return !weighted_mean(strata, totals_of(strata)); }

Interval bootstrap(const std::vector<Stratum>& strata, const Statistic& f, std::uint64_t seed, int resamples,
                   double level) {
  const std::vector<double> values = resample(strata, f, seed, resamples);
  if (values.empty()) return {};
  const double tail = (1 - level) / 2;
  return {quantile(values, tail), quantile(values, 1 - tail)};
}

Interval bootstrap(const Composite& c, std::uint64_t seed, int resamples, double level) {
  if (c.empty()) return {};
  const Totals totals = totals_of(c.strata);
  const std::vector<double> values = resample(
      c.strata, [&](const Totals& t) { return weighted_mean(c.strata, t); }, seed, resamples);
  if (values.empty()) return {};
  const Influence u = influence(c, totals);
  const double value = *weighted_mean(c.strata, totals), all = static_cast<double>(values.size());
  if (!(u.square > 0)) return {value, value};
  // Ties with the value itself, frequent among few items, count half; so do rounding errors around it.
  const double near = 1e-12;
  const auto below = std::lower_bound(values.begin(), values.end(), value - near) - values.begin();
  const auto upto = std::upper_bound(values.begin(), values.end(), value + near) - values.begin();
  const double share =
      std::clamp((static_cast<double>(below) + static_cast<double>(upto)) / 2 / all, 0.5 / all, 1 - 0.5 / all);
  const double bias = normal_quantile(share), skew = u.cube / (6 * std::pow(u.square, 1.5));
  const double z = normal_quantile((1 + level) / 2);
  const double freedom = std::fmax(1, static_cast<double>(u.items) - static_cast<double>(u.strata));
  const double wide = z + (z * z * z + z) / (4 * freedom);  // Student's quantile, to first order
  const auto end = [&](double at) {
    const double moved = bias + at;
    return quantile(values, normal_below(bias + moved / std::fmax(0.1, 1 - skew * moved)));
  };
  return {end(-wide), end(wide)};
}

}  // namespace rm::stats
