#include "lib/stats/bootstrap.h"

#include <algorithm>
#include <cmath>

#include "lib/base/rng.h"
#include "lib/stats/binomial.h"

namespace rm::stats {
namespace {

// Adds up weighted ratios of terms over strata.
class Sum {
 public:
  void add(const Stratum& s, const std::vector<std::uint64_t>& items) {
    for (std::size_t t = 0; t < s.weights.size(); ++t) {
      Ratio r;
      for (std::size_t p = 0; p < s.patterns.size(); ++p) {
        const double n = static_cast<double>(items[p]);
        r.sum += n * s.patterns[p].terms[t].sum;
        r.count += n * s.patterns[p].terms[t].count;
      }
      if (r.count <= 0) continue;
      total_ += s.weights[t] * (r.sum / r.count);
      weight_ += s.weights[t];
    }
  }
  bool empty() const { return weight_ <= 0; }
  double value() const { return empty() ? 0 : total_ / weight_; }

 private:
  double total_ = 0, weight_ = 0;
};

std::vector<std::uint64_t> as_counted(const Stratum& s) {
  std::vector<std::uint64_t> out;
  for (const Pattern& p : s.patterns) out.push_back(p.items);
  return out;
}

Sum sum_of(const Composite& c) {
  Sum sum;
  for (const Stratum& s : c.strata) sum.add(s, as_counted(s));
  return sum;
}

// The q-quantile between the order statistics around it (type 7 of Hyndman and Fan 1996).
double quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1), below = std::floor(at);
  const auto i = static_cast<std::size_t>(below);
  if (i + 1 >= sorted.size()) return sorted.back();
  return sorted[i] + (at - below) * (sorted[i + 1] - sorted[i]);
}

}  // namespace

double Composite::value() const { return sum_of(*this).value(); }
bool Composite::empty() const { return sum_of(*this).empty(); }

Interval bootstrap(const Composite& c, std::uint64_t seed, int resamples, double level) {
  if (c.empty() || resamples < 2) return {};
  Rng rng(seed);
  std::vector<std::vector<std::uint64_t>> weights;
  std::vector<std::uint64_t> total;
  for (const Stratum& s : c.strata) {
    weights.push_back(as_counted(s));
    total.push_back(0);
    for (const std::uint64_t w : weights.back()) total.back() += w;
  }
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(resamples));
  std::vector<std::uint64_t> drawn;
  for (int b = 0; b < resamples; ++b) {
    Sum sum;
    for (std::size_t s = 0; s < c.strata.size(); ++s) {
      if (total[s] > 1) {
        multinomial(rng, total[s] - 1, weights[s], drawn);
        sum.add(c.strata[s], drawn);
      } else {
        sum.add(c.strata[s], weights[s]);
      }
    }
    if (!sum.empty()) values.push_back(sum.value());
  }
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const double tail = (1 - level) / 2;
  return {quantile(values, tail), quantile(values, 1 - tail)};
}

}  // namespace rm::stats
