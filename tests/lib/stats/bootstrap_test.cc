#include "lib/stats/bootstrap.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <numeric>
#include <string>

#include "lib/base/json.h"
#include "lib/stats/binomial.h"

namespace rm::stats {
namespace {

TEST_CASE("binomial draws fit scipy's probabilities (goldens/eval_stats.py)") {
  std::ifstream in(RM_SOURCE_DIR "/tests/golden/stats/binomial.jsonl");
  REQUIRE(in.good());
  json::Document document;
  Rng rng(7);
  for (std::string line; std::getline(in, line);) {
    const auto row = document.parse(line);
    REQUIRE(row.ok());
    const auto n = *row->find("n")->unsigned_integer();
    const double p = *row->find("p")->number();
    const std::vector<json::Value> edges = row->find("edges")->items(),
                                   probabilities = row->find("probabilities")->items();
    std::vector<double> seen(edges.size(), 0);
    constexpr int kDraws = 20000;
    for (int i = 0; i < kDraws; ++i) {
      const std::uint64_t x = binomial(rng, n, p);
      REQUIRE(x <= n);
      std::size_t bin = 0;
      while (*edges[bin].unsigned_integer() < x) ++bin;
      ++seen[bin];
    }
    double chi = 0;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      const double want = kDraws * *probabilities[i].number();
      chi += (seen[i] - want) * (seen[i] - want) / want;
    }
    // Wilson and Hilferty's normal form of chi-square; beyond 4 one run in 30,000 would fall.
    const double k = std::fmax(1, static_cast<double>(seen.size()) - 1);
    const double z = (std::cbrt(chi / k) - (1 - 2 / (9 * k))) / std::sqrt(2 / (9 * k));
    CAPTURE(n);
    CAPTURE(p);
    CHECK(z < 4);
  }
}

TEST_CASE("the ends of the binomial and multinomial draws") {
  Rng rng(1);
  CHECK(binomial(rng, 0, 0.5) == 0);
  CHECK(binomial(rng, 9, 0) == 0);
  CHECK(binomial(rng, 9, 1) == 9);
  CHECK(binomial(rng, 9, std::nan("")) == 0);
  std::vector<std::uint64_t> out;
  const std::vector<std::uint64_t> weights{3, 0, 5, 2};
  for (int i = 0; i < 100; ++i) {
    multinomial(rng, 50, weights, out);
    CHECK(std::accumulate(out.begin(), out.end(), std::uint64_t{0}) == 50);
    CHECK(out[1] == 0);
  }
  multinomial(rng, 5, std::vector<std::uint64_t>{0, 0}, out);
  CHECK(out == std::vector<std::uint64_t>{0, 0});
}

Composite two_strata() {
  // 30 items right of 40 with weight 1, 10 of 20 with weight 3.
  return {{{{1}, {{30, {{1, 1}}}, {10, {{0, 1}}}}}, {{3}, {{10, {{1, 1}}}, {10, {{0, 1}}}}}}};
}

TEST_CASE("a composite is its weighted mean of means, and terms without a count drop out") {
  CHECK(two_strata().value() == doctest::Approx((0.75 + 3 * 0.5) / 4));
  Composite c = two_strata();
  c.strata[0].patterns.clear();
  CHECK(c.value() == doctest::Approx(0.5));
  c.strata[1].patterns.clear();
  CHECK(c.empty());
  CHECK(bootstrap(c, 1).low == 0);
  CHECK(bootstrap(c, 1).high == 1);
}

TEST_CASE("the bootstrap is seeded, and as wide as the variance of the composite says") {
  const Composite c = two_strata();
  const Interval a = bootstrap(c, 1, 20000), b = bootstrap(c, 1, 20000);
  CHECK(a.low == b.low);
  CHECK(a.high == b.high);
  bool other = false;
  for (std::uint64_t seed = 2; seed < 12; ++seed) other |= bootstrap(c, seed, 150).low != bootstrap(c, 1, 150).low;
  CHECK(other);
  // Unbiased: s^2 / n with s^2 over n - 1.
  const double variance = (1 * 0.75 * 0.25 / 39 + 9 * 0.5 * 0.5 / 19) / 16;
  constexpr double kStudent58 = 2.0017;  // 0.975 quantile of Student's t with 60 items less 2 strata
  CHECK((a.high - a.low) / 2 == doctest::Approx(kStudent58 * std::sqrt(variance)).epsilon(0.03));
  CHECK((a.high + a.low) / 2 == doctest::Approx(c.value()).epsilon(0.02));
}

TEST_CASE("records of one item are drawn together") {
  // 20 items of 9 records each, wholly right or wrong: as uncertain as 20 records, not 180.
  const Composite clustered{{{{1}, {{12, {{9, 9}}}, {8, {{0, 9}}}}}}}, single{{{{1}, {{12, {{1, 1}}}, {8, {{0, 1}}}}}}};
  CHECK(bootstrap(clustered, 3).low == bootstrap(single, 3).low);
  CHECK(bootstrap(clustered, 3).high == bootstrap(single, 3).high);
}

TEST_CASE("what does not vary has an interval of its value, and one item alone does not vary") {
  const Composite constant{{{{1}, {{7, {{1, 1}}}}}}}, one{{{{1}, {{1, {{3, 9}}}}}}};
  CHECK(bootstrap(constant, 1).low == 1);
  CHECK(bootstrap(one, 1).low == doctest::Approx(1.0 / 3));
  CHECK(bootstrap(one, 1).high == doctest::Approx(1.0 / 3));
}

TEST_CASE("any statistic of the sums can be resampled") {
  const Composite c = two_strata();
  const Interval same = bootstrap(
      c.strata,
      [](const std::vector<std::vector<Ratio>>& t) {
        return std::optional((t[0][0].sum / t[0][0].count + 3 * t[1][0].sum / t[1][0].count) / 4);
      },
      5);
  CHECK(same.low == doctest::Approx(bootstrap(c, 5).low).epsilon(0.03));
  CHECK(same.high == doctest::Approx(bootstrap(c, 5).high).epsilon(0.03));
}

}  // namespace
}  // namespace rm::stats
