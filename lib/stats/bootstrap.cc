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

}  // namespace

double Composite::value() const { return weighted_mean(strata, totals_of(strata)).value_or(0); }
bool Composite::empty() const { return !weighted_mean(strata, totals_of(strata)); }

Interval bootstrap(const std::vector<Stratum>& strata, const Statistic& f, std::uint64_t seed, int resamples,
                   double level) {
  if (resamples < 2) return {};
  Rng rng(seed);
  std::vector<std::vector<std::uint64_t>> items;
  std::vector<std::uint64_t> count;
  for (const Stratum& s : strata) {
    items.push_back(as_counted(s));
    count.push_back(0);
    for (const std::uint64_t n : items.back()) count.back() += n;
  }
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(resamples));
  std::vector<std::uint64_t> drawn;
  Totals totals(strata.size());
  for (int b = 0; b < resamples; ++b) {
    for (std::size_t s = 0; s < strata.size(); ++s) {
      if (count[s] > 1) multinomial(rng, count[s] - 1, items[s], drawn);
      total(strata[s], count[s] > 1 ? drawn : items[s], totals[s]);
    }
    if (const auto v = f(totals)) values.push_back(*v);
  }
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const double tail = (1 - level) / 2;
  return {quantile(values, tail), quantile(values, 1 - tail)};
}

Interval bootstrap(const Composite& c, std::uint64_t seed, int resamples, double level) {
  if (c.empty()) return {};
  return bootstrap(
      c.strata, [&](const Totals& t) { return weighted_mean(c.strata, t); }, seed, resamples, level);
}

}  // namespace rm::stats
