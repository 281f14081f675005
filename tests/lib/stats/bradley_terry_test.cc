#include "lib/stats/bradley_terry.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>

#include "lib/base/json.h"
#include "lib/base/rng.h"

namespace rm::stats {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInf = std::numeric_limits<double>::infinity();

std::vector<double> numbers(const json::Value& row, const char* name) {
  std::vector<double> out;
  for (const json::Value& v : row.find(name)->items()) out.push_back(*v.number());
  return out;
}

bool finite(const std::vector<Strength>& all) {
  return std::ranges::all_of(all, [](const Strength& s) {
    return std::isfinite(s.score) && std::isfinite(s.interval.low) && std::isfinite(s.interval.high);
  });
}

double mean(const std::vector<Strength>& all) {
  double sum = 0;
  for (const Strength& s : all) sum += s.score;
  return sum / static_cast<double>(all.size());
}

TEST_CASE("modes and intervals are those scipy finds (goldens/bradley_terry.py)") {
  std::ifstream in(RM_SOURCE_DIR "/tests/golden/stats/bradley_terry.jsonl");
  REQUIRE(in.good());
  json::Document document;
  int rows = 0;
  for (std::string line; std::getline(in, line); ++rows) {
    CAPTURE(line);
    const auto row = document.parse(line);
    REQUIRE(row.ok());
    std::vector<Game> games;
    for (const json::Value& g : row->find("games")->items()) {
      const auto cells = g.items();
      games.push_back({*cells[0].unsigned_integer(), *cells[1].unsigned_integer(), *cells[2].number()});
    }
    const double z = *row->find("z")->number();
    const std::vector<double> score = numbers(*row, "score"), error = numbers(*row, "error");
    const std::vector<Strength> got = bradley_terry(score.size(), games, z);
    REQUIRE(got.size() == score.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      CAPTURE(i);
      CHECK(std::abs(got[i].score - score[i]) < 1e-8);
      CHECK(std::abs(got[i].interval.low - (score[i] - z * error[i])) < 1e-7);
      CHECK(std::abs(got[i].interval.high - (score[i] + z * error[i])) < 1e-7);
    }
  }
  CHECK(rows == 18);
}

TEST_CASE("tau-b is scipy's, and 0 where scipy has none") {
  std::ifstream in(RM_SOURCE_DIR "/tests/golden/stats/kendall.jsonl");
  REQUIRE(in.good());
  json::Document document;
  int rows = 0;
  for (std::string line; std::getline(in, line); ++rows) {
    CAPTURE(line);
    const auto row = document.parse(line);
    REQUIRE(row.ok());
    CHECK(std::abs(kendall_tau(numbers(*row, "x"), numbers(*row, "y")) - *row->find("tau")->number()) < 1e-11);
  }
  CHECK(rows == 31);
}

TEST_CASE("tau of lists that cannot be compared is 0") {
  struct Row {
    std::vector<double> x, y;
  };
  for (const Row& r :
       {Row{{}, {}}, Row{{1}, {2}}, Row{{1, 2}, {1, 2, 3}}, Row{{kNan, kNan}, {1, 2}}, Row{{3, 3, 3}, {1, 2, 3}}}) {
    CHECK(kendall_tau(r.x, r.y) == 0);
  }
  CHECK(kendall_tau(std::vector<double>{-kInf, 0, kInf}, std::vector<double>{1, 2, 3}) == 1);
}

TEST_CASE("games that make no sense are ignored") {
  const std::vector<Game> good = {{0, 1, 1}, {1, 2, 0.5}};
  const std::vector<Strength> plain = bradley_terry(3, good);
  for (const Game& bad : {Game{0, 3, 1}, Game{99, 1, 1}, Game{1, 1, 1}, Game{0, 1, kNan}, Game{0, 1, kInf},
                          Game{0, 1, -0.1}, Game{0, 1, 1.1}, Game{std::numeric_limits<std::size_t>::max(), 0, 0}}) {
    CAPTURE(bad.a);
    CAPTURE(bad.b);
    CAPTURE(bad.score);
    std::vector<Game> games = good;
    games.insert(games.begin() + 1, bad);
    const std::vector<Strength> got = bradley_terry(3, games);
    for (std::size_t i = 0; i < 3; ++i) CHECK(got[i].score == plain[i].score);
  }
}

TEST_CASE("every score is finite, whatever was played") {
  CHECK(bradley_terry(0, std::vector<Game>{{0, 1, 1}}).empty());
  std::vector<Game> chain, hammer(100'000, Game{0, 1, 1}), star;
  for (std::size_t i = 0; i + 1 < 200; ++i) chain.push_back({i, i + 1, 1});
  for (std::size_t i = 1; i < 300; ++i) star.push_back({0, i, 0});
  struct Row {
    const char* what;
    std::size_t n;
    std::vector<Game> games;
  };
  for (const Row& r :
       {Row{"one", 1, {}}, Row{"a chain of wins", 200, chain}, Row{"the same win 100,000 times", 3, hammer},
        Row{"beaten by all", 300, star}, Row{"a million, one game", 1'000'000, {{5, 999'999, 1}}}}) {
    CAPTURE(r.what);
    const std::vector<Strength> got = bradley_terry(r.n, r.games);
    REQUIRE(got.size() == r.n);
    CHECK(finite(got));
    CHECK(std::abs(mean(got)) < 1e-9);
  }
  const std::vector<Strength> got = bradley_terry(200, chain);
  for (std::size_t i = 0; i < 5; ++i) {  // in the middle of a chain each win has its loss: all but equal there
    CHECK(got[i].score > got[i + 1].score);
    CHECK(got[199 - i].score < got[198 - i].score);
  }
}

TEST_CASE("a z that says nothing counts as 95 %") {
  const std::vector<Game> games = {{0, 1, 1}};
  const double high = bradley_terry(2, games)[0].interval.high;
  for (double z : {kNan, kInf, -1.0}) CHECK(bradley_terry(2, games, z)[0].interval.high == high);
  CHECK(bradley_terry(2, games, 0)[0].interval.high == bradley_terry(2, games, 0)[0].score);
}

TEST_CASE("the order of the games changes no bit, and who is named first none that matters") {
  Rng rng(7);
  std::vector<Game> games;
  for (int i = 0; i < 60; ++i) games.push_back({rng.below(12), rng.below(12), rng.uniform()});
  const std::vector<Strength> first = bradley_terry(12, games);
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = games.size(); i-- > 1;) std::swap(games[i], games[rng.below(i + 1)]);
    const std::vector<Strength> again = bradley_terry(12, games);
    for (Game& g : games) g = {g.b, g.a, 1 - g.score};
    const std::vector<Strength> turned = bradley_terry(12, games);
    for (Game& g : games) g = {g.b, g.a, 1 - g.score};
    for (std::size_t i = 0; i < 12; ++i) {
      CHECK(again[i].score == first[i].score);
      CHECK(again[i].interval.low == first[i].interval.low);
      CHECK(turned[i].score == doctest::Approx(first[i].score));
    }
  }
}

TEST_CASE("more games narrow the interval, and none leave the prior's") {
  const double alone = bradley_terry(2, {}, 1)[0].interval.high;
  CHECK(alone == doctest::Approx(kStrengthPrior / std::sqrt(2.0)));  // of half the difference of two
  double before = alone;
  std::vector<Game> games;
  for (int i = 0; i < 8; ++i) {
    games.push_back({0, 1, 0.5});
    const double now = bradley_terry(2, games, 1)[0].interval.high;
    CHECK(now < before);
    before = now;
  }
}

TEST_CASE("intervals cover strengths drawn from the prior about as often as they say") {
  Rng rng(11);
  int covered = 0, all = 0;
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> truth(8);
    double centre = 0;
    for (double& s : truth) centre += (s = kStrengthPrior * rng.normal()) / 8;
    std::vector<Game> games;
    for (std::size_t a = 0; a < 8; ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        const double p = 1 / (1 + std::exp(truth[b] - truth[a]));
        for (int i = 0; i < 3; ++i) games.push_back({a, b, rng.uniform() < p ? 1.0 : 0.0});
      }
    }
    const std::vector<Strength> got = bradley_terry(8, games);
    for (std::size_t i = 0; i < 8; ++i, ++all) {
      covered += got[i].interval.low <= truth[i] - centre && truth[i] - centre <= got[i].interval.high;
    }
  }
  CHECK(covered > 0.92 * all);  // 0.95; players of one trial share their luck, so the count is loose
  CHECK(covered < 0.98 * all);
}

}  // namespace
}  // namespace rm::stats
