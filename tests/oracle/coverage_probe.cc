// How often the 95 % intervals of lib/stats hold the truth: single rates by Wilson's interval, exactly (every outcome weighed);
// composites of unequal strata, and of items with several dependent records, by the bootstrap, simulated.
//
//   coverage_probe [SIMULATIONS [RESAMPLES]]
// Prints one line a design, ends with 1 where one lies outside 93 to 97 %. A test runs it.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "lib/base/rng.h"
#include "lib/stats/binomial.h"
#include "lib/stats/bootstrap.h"

namespace {

using namespace rm;
using stats::Composite;
using stats::Interval;
using stats::Stratum;

struct Part {
  int items;
  double weight, p;
};

// Items of one record: strata of unequal size, as RewardBench's subsets.
Composite draw_single(Rng& rng, const std::vector<Part>& parts) {
  Composite c;
  for (const Part& part : parts) {
    const std::uint64_t right = stats::binomial(rng, static_cast<std::uint64_t>(part.items), part.p);
    const std::uint64_t wrong = static_cast<std::uint64_t>(part.items) - right;
    c.strata.push_back({{part.weight}, {{right, {{1, 1}}}, {wrong, {{0, 1}}}}});
  }
  return c;
}

// Items of nine records that share most of their luck, as RM-Bench's: half of the records repeat one draw of the item.
Composite draw_clustered(Rng& rng, const std::vector<Part>& parts) {
  Composite c;
  for (const Part& part : parts) {
    Stratum s{{part.weight}, {}};
    std::vector<std::uint64_t> count(10, 0);
    for (int i = 0; i < part.items; ++i) {
      const bool common = rng.uniform() < part.p;
      int right = 0;
      for (int r = 0; r < 9; ++r) right += rng.uniform() < 0.5 ? common : rng.uniform() < part.p;
      ++count[static_cast<std::size_t>(right)];
    }
    for (std::size_t r = 0; r < count.size(); ++r) {
      if (count[r] > 0) s.patterns.push_back({count[r], {{double(r), 9}}});
    }
    c.strata.push_back(std::move(s));
  }
  return c;
}

double truth(const std::vector<Part>& parts) {
  double sum = 0, weight = 0;
  for (const Part& p : parts) sum += p.weight * p.p, weight += p.weight;
  return sum / weight;
}

double log_choose(int n, int k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); }

bool within(const Interval& i, double v) { return i.low <= v + 1e-12 && i.high >= v - 1e-12; }

double wilson_coverage(int n, double p) {
  double sum = 0;
  for (int k = 0; k <= n; ++k) {
    if (within(stats::wilson(k, n), p)) sum += std::exp(log_choose(n, k) + k * std::log(p) + (n - k) * std::log1p(-p));
  }
  return sum;
}

bool report(const char* design, double p, double share) {
  const bool fits = share >= 0.93 && share <= 0.97;
  std::printf("%-44s p %.2f  %.2f %%%s\n", design, p, 100 * share, fits ? "" : "  outside 93-97");
  return fits;
}

}  // namespace

int main(int argc, char** argv) {
  const int simulations = argc > 1 ? std::atoi(argv[1]) : 2000, resamples = argc > 2 ? std::atoi(argv[2]) : 2000;
  bool all = true;
  for (const double p : {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9}) {
    Rng rng(derive_seed(1, static_cast<std::uint64_t>(std::lround(p * 100))));
    int strata = 0, clusters = 0;
    // A composite whose parts lie around p, the hard one below and the easy one above, 120 items in all.
    const double d = std::fmin(0.08, std::fmin(p, 1 - p) / 2);
    const std::vector<Part> parts{{28, 1, p}, {52, 1, p + d}, {40, 2, p - d}};
    for (int i = 0; i < simulations; ++i) {
      const std::uint64_t seed = rng.next();
      strata += within(stats::bootstrap(draw_single(rng, parts), seed, resamples), truth(parts));
      clusters += within(stats::bootstrap(draw_clustered(rng, parts), seed, resamples), truth(parts));
    }
    all &= report("rate of 100, Wilson, exact", p, wilson_coverage(100, p));
    all &= report("rate of 500, Wilson, exact", p, wilson_coverage(500, p));
    all &= report("3 strata, 120 items, bootstrap", p, double(strata) / simulations);
    all &= report("3 strata, 120 items of 9 records, bootstrap", p, double(clusters) / simulations);
  }
  return all ? 0 : 1;
}
