#include "lib/judge/schedule.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <utility>

#include "lib/base/rng.h"

namespace rm::judge {
namespace {

using Outcome = std::function<std::optional<double>(const Match&)>;

// The lower number always wins.
std::optional<double> by_number(const Match& m) { return m.first < m.second ? 1 : 0; }

// A judge with noise of its own that answers a pair the same way round or not.
Outcome noisy(std::uint64_t seed) {
  return [seed](const Match& m) -> std::optional<double> {
    const auto [low, high] = std::minmax(m.first, m.second);
    const double u = Rng(derive_seed(seed, low, high)).uniform();
    if (u < 0.1) return std::nullopt;
    const double of_low = u < 0.8 ? 1 : u < 0.9 ? 0.5 : 0;
    return m.first == low ? of_low : 1 - of_low;
  };
}

// Plays to the end; the results of a round come back in an order drawn from `arrival` (0: as asked).
std::vector<Match> play(Schedule& s, const Outcome& outcome, std::uint64_t arrival = 0) {
  std::vector<Match> all;
  Rng rng(arrival);
  while (!s.done()) {
    std::vector<Match> round = s.next();
    REQUIRE(!round.empty());
    all.insert(all.end(), round.begin(), round.end());
    for (std::size_t i = round.size(); arrival != 0 && i-- > 1;) std::swap(round[i], round[rng.below(i + 1)]);
    for (const Match& m : round) {
      CHECK(s.next().empty());
      s.result(m, outcome(m));
    }
  }
  CHECK(s.next().empty());
  return all;
}

std::set<std::pair<std::size_t, std::size_t>> met(const std::vector<Match>& all) {
  std::set<std::pair<std::size_t, std::size_t>> out;
  for (const Match& m : all) out.insert(std::minmax(m.first, m.second));
  return out;
}

TEST_CASE("the budget is spent to the last match, on pairs that have not met") {
  struct Row {
    std::size_t answers;
    std::int64_t budget, played;
    bool complete;
  };
  for (const Row& r :
       {Row{2, 0, 1, true}, Row{2, 9, 1, true}, Row{4, 12, 6, true}, Row{4, 6, 6, true}, Row{4, 5, 5, false},
        Row{4, 1, 3, false}, Row{3, 1, 2, false}, Row{8, 24, 24, false}, Row{16, 48, 48, false},
        Row{16, 119, 119, false}, Row{16, 120, 120, true}, Row{5, -3, 10, true}, Row{7, 20, 20, false},
        Row{33, 40, 40, false}, Row{16, std::numeric_limits<std::int64_t>::max(), 120, true}}) {
    CAPTURE(r.answers);
    CAPTURE(r.budget);
    CHECK(Schedule::complete(r.answers, r.budget) == r.complete);
    Schedule s(r.answers, r.budget, 5);
    const std::vector<Match> all = play(s, noisy(3));
    CHECK(s.played() == r.played);
    CHECK(static_cast<std::int64_t>(all.size()) == r.played);
    CHECK(met(all).size() == all.size());
    CHECK(std::ranges::all_of(
        all, [&](const Match& m) { return m.first != m.second && m.first < r.answers && m.second < r.answers; }));
  }
}

TEST_CASE("fewer than two answers leave nothing to play") {
  for (std::size_t n : {0, 1}) {
    Schedule s(n, 10, 1);
    CHECK(s.done());
    CHECK(s.next().empty());
    s.result({0, 0}, 1);
    CHECK(s.games().empty());
  }
}

TEST_CASE("a budget that holds every pair is known at once, a smaller one in rounds") {
  CHECK(Schedule(16, 0, 1).next().size() == 120);
  for (std::size_t n : {5, 8, 16}) {
    Schedule s(n, static_cast<std::int64_t>(n), 1);
    const std::vector<Match> first = s.next();
    CHECK(first.size() == n / 2);
    std::set<std::size_t> named;
    for (const Match& m : first) named.insert({m.first, m.second});
    CHECK(named.size() == 2 * first.size());  // nobody twice while nothing is known
  }
}

TEST_CASE("what is asked depends on seed and results, not on the order results arrive in") {
  for (std::size_t n : {6, 9, 16}) {
    for (std::uint64_t seed : {1, 2, 3}) {
      Schedule plain(n, static_cast<std::int64_t>(2 * n), seed);
      const std::vector<Match> asked = play(plain, noisy(seed));
      for (std::uint64_t arrival = 1; arrival <= 5; ++arrival) {
        Schedule other(n, static_cast<std::int64_t>(2 * n), seed);
        CHECK(play(other, noisy(seed), arrival) == asked);
        const auto a = stats::bradley_terry(n, plain.games()), b = stats::bradley_terry(n, other.games());
        for (std::size_t i = 0; i < n; ++i) CHECK(a[i].score == b[i].score);
      }
    }
  }
  CHECK(Schedule(16, 48, 1).next() != Schedule(16, 48, 2).next());
}

TEST_CASE("every answer is first about as often as second") {
  for (std::size_t n : {4, 7, 16, 31}) {
    for (std::int64_t budget : {std::int64_t{0}, static_cast<std::int64_t>(3 * n / 2)}) {
      Schedule s(n, budget, 8);
      std::vector<int> lead(n);
      for (const Match& m : play(s, noisy(4))) ++lead[m.first], --lead[m.second];
      const auto [low, high] = std::ranges::minmax(lead);
      CAPTURE(n);
      CAPTURE(budget);
      CHECK(low >= (budget == 0 ? -1 : -3));
      CHECK(high <= (budget == 0 ? 1 : 3));
    }
  }
}

TEST_CASE("a match without a verdict is played, tells nothing and is not asked again") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  for (std::optional<double> none :
       {std::optional<double>(), std::optional(kNan), std::optional(-1.0), std::optional(1.5)}) {
    Schedule s(8, 20, 1);
    const std::vector<Match> all = play(s, [&](const Match&) { return none; });
    CHECK(s.played() == 20);
    CHECK(s.games().empty());
    CHECK(met(all).size() == 20);
  }
  Schedule s(8, 20, 1);
  int asked = 0;
  play(s, [&](const Match& m) { return asked++ % 3 == 0 ? std::nullopt : by_number(m); });
  CHECK(s.games().size() == 13);
}

TEST_CASE("results nobody waits for change nothing, and a pair may be named either way round") {
  Schedule s(4, 4, 1);
  const std::vector<Match> round = s.next();
  REQUIRE(round.size() == 2);
  const Match stranger{round[0].first, round[1].first};
  for (const Match& m : {stranger, Match{0, 4}, Match{9, 1}, Match{2, 2}}) s.result(m, 1);
  CHECK(s.played() == 0);
  s.result({round[0].second, round[0].first}, 0);
  s.result(round[0], 0);  // once only
  CHECK(s.played() == 1);
  REQUIRE(s.games().size() == 1);
  CHECK(s.games()[0].a == round[0].second);
  CHECK(s.games()[0].score == 0);
}

TEST_CASE("a judge that is always right yields the best answer and nearly the true order for 3 N calls") {
  for (std::size_t n : {8, 16, 32}) {
    std::vector<double> truth(n);
    for (std::size_t i = 0; i < n; ++i) truth[i] = -static_cast<double>(i);
    double tau = 0;
    int best = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      Schedule s(n, static_cast<std::int64_t>(3 * n), seed);
      play(s, by_number);
      std::vector<double> scores;
      for (const stats::Strength& x : stats::bradley_terry(n, s.games())) scores.push_back(x.score);
      tau += stats::kendall_tau(scores, truth) / 20;
      best += std::ranges::max_element(scores) == scores.begin();
    }
    CAPTURE(n);
    CHECK(tau > 0.9);
    CHECK(best >= 18);
  }
}

}  // namespace
}  // namespace rm::judge
