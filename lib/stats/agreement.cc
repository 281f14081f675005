#include "lib/stats/agreement.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rm::stats {

double mcnemar_exact(std::uint64_t only_first, std::uint64_t only_second) {
  const std::uint64_t k = std::min(only_first, only_second), n = only_first + only_second;
  if (only_first == only_second) return 1;
  // P(X <= k) for X ~ Binomial(n, 1/2), summed downwards from its largest term.
  const double count = static_cast<double>(n), top = static_cast<double>(k);
  const double largest = std::lgamma(count + 1) - std::lgamma(top + 1) - std::lgamma(count - top + 1) - count * M_LN2;
  double sum = 1, term = 1;
  for (std::uint64_t i = k; i > 0 && term > 1e-18 * sum; --i) {
    term *= static_cast<double>(i) / static_cast<double>(n - i + 1);
    sum += term;
  }
  return std::min(1.0, 2 * std::exp(largest + std::log(sum)));
}

double cohen_kappa(std::span<const double> table, std::size_t categories) {
  double total = 0, same = 0, expected = 0;
  std::vector<double> rows(categories, 0), columns(categories, 0);
  for (std::size_t r = 0; r < categories; ++r) {
    for (std::size_t c = 0; c < categories; ++c) {
      const double n = table[r * categories + c];
      total += n, rows[r] += n, columns[c] += n;
      if (r == c) same += n;
    }
  }
  if (!(total > 0)) return 0;
  for (std::size_t i = 0; i < categories; ++i) expected += rows[i] / total * (columns[i] / total);
  return expected >= 1 ? 1 : (same / total - expected) / (1 - expected);
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> out(p.size());
  double least = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    least = std::max(least, std::min(1.0, p[order[i]] * static_cast<double>(p.size() - i)));
    out[order[i]] = least;
  }
  return out;
}

}  // namespace rm::stats
