#include "lib/engine/sampler.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <random>

#include "lib/engine/row_kernels.h"

using namespace rm;
using namespace rm::engine;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

std::vector<float> random_row(std::size_t n, unsigned seed, float spread) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> d(0, spread);
  std::vector<float> row(n);
  for (float& x : row) x = d(rng);
  return row;
}

// Probabilities at a temperature, cut to the nucleus, by full sorts in f64.
std::vector<double> naive(const std::vector<float>& row, double temperature, double top_p) {
  const double max = *std::ranges::max_element(row);
  std::vector<double> p;
  for (const float x : row) p.push_back(std::exp((x - max) / temperature));
  const double total = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& x : p) x /= total;
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return p[a] > p[b]; });
  double sum = 0;
  std::size_t kept = 0;
  while (kept < order.size() && (top_p >= 1 || sum < top_p)) sum += p[order[kept++]];
  std::vector<double> cut(p.size());
  for (std::size_t i = 0; i < kept; ++i) cut[order[i]] = p[order[i]] / sum;
  return cut;
}

}  // namespace

TEST_CASE("greedy takes the largest logit, the lowest id of equals") {
  struct Row {
    std::vector<float> logits;
    std::int32_t token;
  };
  for (const Row& row :
       {Row{{1, 3, 2}, 1}, Row{{3, 1, 3}, 0}, Row{{-kInf, -5, -kInf}, 1}, Row{{0}, 0}, Row{{-1e30f, -2e30f}, 0}}) {
    const auto s = row_stats(row.logits);
    REQUIRE(s);
    CHECK(s->argmax == row.token);
    CHECK(sample(row.logits, *s, {}, 0) == row.token);
    CHECK(sample(row.logits, *s, {1e-300, 1, 7}, 0) == row.token);
  }
}

TEST_CASE("a row that is not finite is an error that says where") {
  auto row = random_row(3000, 1, 2);
  struct Row {
    std::size_t at;
    float value;
    const char* says;
  };
  for (const Row& r : {Row{0, NAN, "token 0 is NaN"}, Row{2999, NAN, "token 2999 is NaN"},
                       Row{1500, kInf, "token 1500 is infinite"}}) {
    auto bad = row;
    bad[r.at] = r.value;
    const auto s = row_stats(bad);
    REQUIRE_FALSE(s.ok());
    CHECK(s.error().message.find(r.says) != std::string::npos);
  }
  CHECK_FALSE(row_stats(std::vector<float>(50, -kInf)).ok());
}

TEST_CASE("log-probabilities agree with sums in f64") {
  struct Row {
    std::size_t n;
    float spread;
  };
  for (const Row& row : {Row{1, 1}, Row{17, 3}, Row{1024, 0}, Row{1025, 10}, Row{151'936, 4}, Row{151'936, 60}}) {
    CAPTURE(row.n);
    const auto logits = random_row(row.n, 5, row.spread);
    double total = 0;
    for (const float x : logits) total += std::exp(static_cast<double>(x));
    const auto s = row_stats(logits);
    REQUIRE(s);
    CHECK(s->log_total == doctest::Approx(std::log(total)).epsilon(1e-6));
  }
}

TEST_CASE("the fast exponential is good to a few units in the last place") {
  double worst = 0;
  for (double x = -87; x <= 0; x += 1e-3) {
    const double want = std::exp(static_cast<double>(static_cast<float>(x)));
    worst = std::max(worst, std::abs(fast_exp(static_cast<float>(x)) - want) / want);
  }
  CHECK(worst < 5e-7);
  CHECK(fast_exp(0) == 1.0f);
  CHECK(fast_exp(-kInf) == 0.0f);
}

TEST_CASE("draws follow the exact probabilities") {
  struct Row {
    double temperature, top_p;
  };
  const auto row = random_row(40, 11, 1.5f);
  const auto stats = row_stats(row);
  REQUIRE(stats);
  for (const Row& r : {Row{1, 1}, Row{0.7, 1}, Row{2, 1}, Row{1, 0.9}, Row{1, 0.5}, Row{0.6, 0.95}, Row{1, 1e-6}}) {
    CAPTURE(r.temperature);
    CAPTURE(r.top_p);
    const auto p = naive(row, r.temperature, r.top_p);
    const int draws = 200'000;
    std::vector<int> seen(row.size());
    for (int i = 0; i < draws; ++i) {
      // Every second draw with a new seed, every other with a new index.
      const auto token = sample(row, *stats, {r.temperature, r.top_p, static_cast<std::uint64_t>(i / 2)},
                                static_cast<std::uint64_t>(i % 2));
      ++seen[static_cast<std::size_t>(token)];
    }
    double chi2 = 0;
    int freedom = -1;
    for (std::size_t i = 0; i < p.size(); ++i) {
      const double expected = p[i] * draws;
      if (expected == 0) CHECK(seen[i] == 0);
      if (expected < 5) continue;
      chi2 += (seen[i] - expected) * (seen[i] - expected) / expected;
      ++freedom;
    }
    CHECK(chi2 < freedom + 4 * std::sqrt(2.0 * std::max(freedom, 1)) + 3);  // about one false alarm in 10^4
  }
}

TEST_CASE("the nucleus is the smallest set of likeliest tokens, on wide rows too") {
  struct Row {
    std::size_t n;
    float spread;
    double top_p;
  };
  for (const Row& r :
       {Row{50'000, 0.1f, 0.9}, Row{50'000, 3, 0.95}, Row{5'000, 8, 0.3}, Row{300, 0, 0.5}, Row{151'936, 5, 0.999}}) {
    CAPTURE(r.n);
    CAPTURE(r.top_p);
    const auto row = random_row(r.n, 3, r.spread);
    const auto stats = row_stats(row);
    REQUIRE(stats);
    const auto p = naive(row, 1, r.top_p);
    const double least = *std::ranges::min_element(p, {}, [](double x) { return x > 0 ? x : 2; });
    for (std::uint64_t i = 0; i < 300; ++i) {
      const auto token = static_cast<std::size_t>(sample(row, *stats, {1, r.top_p, 9}, i));
      // Rounding may move the edge by a token or two of the edge's own probability.
      CHECK((p[token] > 0 || std::exp(row[token] - stats->log_total) > least * 0.99));
    }
  }
}

TEST_CASE("a draw depends on seed and index alone") {
  const auto row = random_row(2000, 4, 1);
  const auto stats = row_stats(row);
  REQUIRE(stats);
  std::vector<std::int32_t> a, b;
  for (std::uint64_t i = 0; i < 50; ++i) a.push_back(sample(row, *stats, {1, 1, 123}, i));
  for (std::uint64_t i = 50; i-- > 0;) b.insert(b.begin(), sample(row, *stats, {1, 1, 123}, i));
  CHECK(a == b);
  CHECK(std::ranges::count(a, a[0]) < 10);
}

TEST_CASE("cost of a row, printed") {
  const auto row = random_row(151'936, 4, 3);
  using Clock = std::chrono::steady_clock;
  for (const double top_p : {1.0, 0.95}) {
    const auto start = Clock::now();
    std::int32_t sum = 0;
    for (std::uint64_t i = 0; i < 32; ++i) sum += sample(row, *row_stats(row), {1, top_p, 1}, i) & 1;
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count() / 32;
    MESSAGE("top-p " << top_p << ": " << ms << " ms a row of 151,936 (" << sum << ")");
  }
}
