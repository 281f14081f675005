// Advantages and means by hand, and all of GRPO's arithmetic against goldens/grpo.py.
#include "lib/rl/advantage.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "tests/lib/rl/mini_batch.h"

using namespace rm;
using namespace rm::rl;

namespace {

constexpr double kNextTo1 = 1 + std::numeric_limits<double>::epsilon();

}  // namespace

TEST_CASE("an advantage is how far a reward lies from its group's mean, in deviations of n - 1") {
  struct Row {
    std::vector<double> rewards, expected;
  };
  const double pair = 1 / (std::sqrt(2.0) + 1e-6), one_of_four = std::sqrt(1.0) + 1e-6;
  for (const Row& r : {
           Row{{}, {}},
           Row{{1, -1}, {pair, -pair}},
           Row{{1, -1, -1, -1}, {1.5 / one_of_four, -0.5 / one_of_four, -0.5 / one_of_four, -0.5 / one_of_four}},
           Row{{3, 1, 2}, {1 / (1 + 1e-6), -1 / (1 + 1e-6), 0}},
           Row{{2e-6, 0}, {1e-6 / (std::sqrt(2.0) * 1e-6 + 1e-6), -1e-6 / (std::sqrt(2.0) * 1e-6 + 1e-6)}},
       }) {
    CAPTURE(r.rewards.size());
    const std::vector<double> found = advantages(r.rewards);
    REQUIRE(found.size() == r.expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == doctest::Approx(r.expected[i]).epsilon(1e-12));
  }
}

TEST_CASE("a lone rollout keeps its reward: mean 0, deviation 1") {
  for (const double r : {1.0, -1.0, 0.25, 0.0}) {
    CAPTURE(r);
    CHECK(!flat(std::array{r}));
    CHECK(advantages(std::array{r})[0] == doctest::Approx(r / (1 + 1e-6)).epsilon(1e-15));
  }
}

TEST_CASE("a group is flat where its rewards are equal to the last bit, and its advantages are exactly 0") {
  for (const double r : {1.0, -1.0, 0.1, 1.0 / 3, 7e5, 1e-300, 0.0}) {
    for (const std::size_t n : {2u, 3u, 7u, 16u}) {
      CAPTURE(r);
      CAPTURE(n);
      const std::vector<double> rewards(n, r);
      CHECK(flat(rewards));
      for (const double a : advantages(rewards)) CHECK(a == 0.0);
    }
  }
  CHECK(flat(std::array{0.0, -0.0}));
  CHECK(!flat(std::span<const double>()));
  for (const auto& rewards :
       {std::array{1.0, 1.0, kNextTo1}, std::array{0.3, 0.1 + 0.2, 0.3}, std::array{1e-16, 0.0, 0.0}}) {
    CAPTURE(rewards[0]);
    CHECK(!flat(rewards));
    const auto found = advantages(rewards);
    CHECK(std::ranges::any_of(found, [](double a) { return a != 0; }));
    for (const double a : found) CHECK(std::abs(a) < 1e-8);  // 1e-6 stands beside the deviation
  }
}

TEST_CASE("means of token losses have names") {
  for (const LossMean m : {LossMean::kMicroToken, LossMean::kToken, LossMean::kSequence, LossMean::kSequenceSum})
    CHECK(parse_loss_mean(name(m)) == m);
  CHECK(parse_loss_mean("micro-token-mean") == LossMean::kMicroToken);
  CHECK(parse_loss_mean("seq-mean-token-sum") == LossMean::kSequenceSum);
  for (const char* other : {"", "token_mean", "Token-mean", "seq-mean"}) CHECK(!parse_loss_mean(other));
}

TEST_CASE("what a token counts, by the mean that is asked for") {
  struct Row {
    LossMean mean;
    std::int64_t micro_batch;
    std::vector<std::int64_t> lengths;
    std::vector<double> expected;
  };
  for (const Row& r : {
           Row{LossMean::kMicroToken, 2, {1, 3, 2, 6, 5}, {1.0 / 12, 1.0 / 12, 1.0 / 24, 1.0 / 24, 1.0 / 15}},
           Row{LossMean::kMicroToken, 2, {1, 0, 0, 0}, {0.5, 0.5, 0, 0}},  // a micro-batch of nothing counts as 0
           Row{LossMean::kMicroToken, 10, {1, 3}, {0.25, 0.25}},
           Row{LossMean::kToken, 2, {1, 3, 2, 4}, {0.1, 0.1, 0.1, 0.1}},
           Row{LossMean::kToken, 2, {1, 0, 3}, {0.25, 0.25, 0.25}},
           Row{LossMean::kSequence, 2, {1, 4}, {0.5, 0.125}},
           Row{LossMean::kSequence, 2, {1, 0, 4}, {0.5, 0, 0.125}},
           Row{LossMean::kSequenceSum, 2, {1, 4}, {0.05, 0.05}},
           Row{LossMean::kSequenceSum, 2, {1, 0}, {0.1, 0.1}},
       }) {
    CAPTURE(name(r.mean));
    CAPTURE(r.lengths.size());
    const auto found = token_weights(r.lengths, r.mean, r.micro_batch, 10);
    REQUIRE(found.size() == r.expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (r.lengths[i] > 0) CHECK(found[i] == doctest::Approx(r.expected[i]).epsilon(1e-12));
      CHECK(std::isfinite(found[i]));
    }
  }
  for (const LossMean m : {LossMean::kMicroToken, LossMean::kToken, LossMean::kSequence, LossMean::kSequenceSum}) {
    CHECK(token_weights({}, m, 4, 10).empty());
    for (const double w : token_weights(std::array<std::int64_t, 3>{0, 0, 0}, m, 2, 10)) CHECK(std::isfinite(w));
  }
}

TEST_CASE("a correction is the ratio of trainer to sampler, up to a cap") {
  CHECK(correction(-1, -1, 2) == 1);
  CHECK(correction(-1, -1.5, 2) == doctest::Approx(std::exp(0.5)));
  CHECK(correction(-1, -3, 2) == 2);
  CHECK(correction(-3, -1, 2) == doctest::Approx(std::exp(-2.0)));
  CHECK(correction(0, -1000, 2) == 2);
  CHECK(correction(-1000, 0, 2) == 0);
}

TEST_CASE("mini-batches with every option: advantages, loss and its derivatives are those of another implementation") {
  std::ifstream in(std::string(RM_SOURCE_DIR) + "/tests/golden/rl/mini_batches.jsonl", std::ios::binary);
  json::Document document;
  int seen = 0;
  for (std::string line; std::getline(in, line); ++seen) {
    CAPTURE(seen);
    const auto row = document.parse(line);
    REQUIRE(row.ok());
    const Outcome found = outcome_of(read_mini_batch(*row));
    const json::Value expected = row->find("expected").value();
    CHECK(found.strays == 0);
    const double loss = expected.find("loss")->number().value();
    CHECK(std::abs(found.loss - loss) <= 1e-6 * expected.find("size")->number().value());  // its terms may cancel
    const auto flats = expected.find("flat")->items();
    REQUIRE(flats.size() == found.flat.size());
    for (std::size_t g = 0; g < flats.size(); ++g) CHECK(found.flat[g] == flats[g].boolean().value());
    const auto near = [](const std::vector<std::vector<double>>& all, const json::Value& wanted) {
      const auto rows = wanted.items();
      REQUIRE(rows.size() == all.size());
      double most = 0;
      for (const json::Value& r : rows) {
        for (const double x : numbers<double>(r)) most = std::max(most, std::abs(x));
      }
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto one = numbers<double>(rows[i]);
        REQUIRE(one.size() == all[i].size());
        for (std::size_t j = 0; j < one.size(); ++j) CHECK(std::abs(all[i][j] - one[j]) <= 1e-6 * most);
      }
    };
    near(found.advantages, expected.find("advantages").value());
    near(found.gradient, expected.find("gradient").value());
  }
  CHECK(seen == 60);
}
