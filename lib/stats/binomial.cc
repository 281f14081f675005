#include "lib/stats/binomial.h"

#include <algorithm>
#include <cmath>

namespace rm::stats {
namespace {

constexpr double kInversionBelow = 10;  // mean; BTRS is stated for at least this

// Walks the distribution from 0 upwards; the mean is small, so the walk is short.
std::uint64_t by_inversion(Rng& rng, std::uint64_t n, double p) {
  const double q = 1 - p, odds = p / q, count = static_cast<double>(n);
  for (;;) {
    double u = rng.uniform(), r = std::exp(count * std::log1p(-p));
    for (std::uint64_t x = 0; x <= n; ++x) {
      if (u < r) return x;
      u -= r;
      r *= odds * (count - static_cast<double>(x)) / static_cast<double>(x + 1);
    }
  }
}

// ln k! less the leading terms of Stirling's series: Hörmann 1993, equation (3).
double stirling_tail(double k) {
  if (k < 10) return std::lgamma(k + 1) - ((k + 0.5) * std::log(k + 1) - (k + 1) + 0.9189385332046727);
  const double r = 1 / (k + 1), r2 = r * r;
  return (1.0 / 12 - (1.0 / 360 - r2 / 1260) * r2) * r;
}

std::uint64_t by_rejection(Rng& rng, std::uint64_t trials, double p) {
  const double n = static_cast<double>(trials), spread = std::sqrt(n * p * (1 - p));
  const double b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p, c = n * p + 0.5;
  const double v_r = 0.92 - 4.2 / b, r = p / (1 - p), alpha = (2.83 + 5.1 / b) * spread, m = std::floor((n + 1) * p);
  for (;;) {
    const double u = rng.uniform() - 0.5;
    double v = 1 - rng.uniform();
    const double us = 0.5 - std::fabs(u), k = std::floor((2 * a / us + b) * u + c);
    if (us >= 0.07 && v <= v_r) return static_cast<std::uint64_t>(k);
    if (!(k >= 0 && k <= n)) continue;
    v = std::log(v * alpha / (a / (us * us) + b));
    const double bound = (m + 0.5) * std::log((m + 1) / (r * (n - m + 1))) +
                         (n + 1) * std::log((n - m + 1) / (n - k + 1)) +
                         (k + 0.5) * std::log(r * (n - k + 1) / (k + 1)) + stirling_tail(m) + stirling_tail(n - m) -
                         stirling_tail(k) - stirling_tail(n - k);
    if (v <= bound) return static_cast<std::uint64_t>(k);
  }
}

}  // namespace

std::uint64_t binomial(Rng& rng, std::uint64_t n, double p) {
  if (n == 0 || !(p > 0)) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(rng, n, 1 - p);
  return static_cast<double>(n) * p < kInversionBelow ? by_inversion(rng, n, p) : by_rejection(rng, n, p);
}

void multinomial(Rng& rng, std::uint64_t n, std::span<const std::uint64_t> weight, std::vector<std::uint64_t>& out) {
  out.assign(weight.size(), 0);
  std::uint64_t left = 0;
  for (const std::uint64_t w : weight) left += w;
  for (std::size_t i = 0; i < weight.size() && left > 0; ++i) {
    out[i] = weight[i] == left ? n : binomial(rng, n, static_cast<double>(weight[i]) / static_cast<double>(left));
    n -= out[i];
    left -= weight[i];
  }
}

}  // namespace rm::stats
