// How well a ranking within a budget of calls orders answers, beside playing every pair once, on judges whose noise is known.
//
// True strengths are normal with deviation 1; a judge prefers i to j with probability logistic(k (s_i - s_j)), gives no verdict
// for a share of the pairs, and says the same whenever it is asked about one pair. Both schedules ask the same judge. tau is
// Kendall's, of the Bradley-Terry scores with the true strengths; +- is 95 % over the trials, which the difference pairs.
// "right" is the judge's share of verdicts for the stronger answer; "random" plays as many pairs drawn blindly.
//   ranking_probe [--trials N] [--seed S]
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/base/rng.h"
#include "lib/judge/schedule.h"
#include "lib/stats/bradley_terry.h"

namespace {

using rm::Rng;
using rm::judge::Match;
using rm::judge::Schedule;

class Judge {
 public:
  Judge(std::size_t n, double k, double unparsed, std::uint64_t seed) : strength(n), says_(n * n) {
    Rng rng(seed);
    for (double& s : strength) s = rng.normal();
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = a + 1; b < n; ++b) {
        const bool parsed = rng.uniform() >= unparsed;
        const bool wins = rng.uniform() < 1 / (1 + std::exp(k * (strength[b] - strength[a])));
        if (parsed) {
          says_[a * n + b] = wins ? 1 : 0;
          says_[b * n + a] = wins ? 0 : 1;
        }
      }
    }
  }
  std::optional<double> says(const Match& m) const { return says_[m.first * strength.size() + m.second]; }
  double right() const {
    double right = 0, all = 0;
    for (std::size_t a = 0; a < strength.size(); ++a) {
      for (std::size_t b = 0; b < strength.size(); ++b) {
        if (a == b || !says({a, b})) continue;
        right += *says({a, b}) == (strength[a] > strength[b] ? 1 : 0);
        ++all;
      }
    }
    return all > 0 ? right / all : 0.5;
  }

  std::vector<double> strength;

 private:
  std::vector<std::optional<double>> says_;
};

double tau(const Judge& judge, const std::vector<rm::stats::Game>& games) {
  std::vector<double> scores;
  for (const auto& s : rm::stats::bradley_terry(judge.strength.size(), games)) scores.push_back(s.score);
  return rm::stats::kendall_tau(scores, judge.strength);
}

struct Played {
  double tau = 0, calls = 0;
};

Played play(const Judge& judge, std::int64_t budget, std::uint64_t seed) {
  Schedule schedule(judge.strength.size(), budget, seed);
  while (!schedule.done()) {
    for (const Match& m : schedule.next()) schedule.result(m, judge.says(m));
  }
  return {tau(judge, schedule.games()), static_cast<double>(schedule.played())};
}

double play_blindly(const Judge& judge, std::int64_t budget, std::uint64_t seed) {
  std::vector<Match> all = Schedule(judge.strength.size(), 0, seed).next();
  Rng rng(rm::derive_seed(seed, 1));
  for (std::size_t i = all.size(); i-- > 1;) std::swap(all[i], all[rng.below(i + 1)]);
  std::vector<rm::stats::Game> games;
  for (std::size_t i = 0; i < all.size() && static_cast<std::int64_t>(i) < budget; ++i) {
    if (const auto says = judge.says(all[i])) games.push_back({all[i].first, all[i].second, *says});
  }
  return tau(judge, games);
}

class Mean {
 public:
  void add(double v) { n_ += 1, sum_ += v, squares_ += v * v; }
  double value() const { return sum_ / n_; }
  double error() const { return rm::stats::kZ95 * std::sqrt(std::max(0.0, squares_ / n_ - value() * value()) / n_); }

 private:
  double n_ = 0, sum_ = 0, squares_ = 0;
};

void row(std::size_t n, std::int64_t times, double k, double unparsed, int trials, std::uint64_t seed) {
  Mean full, budget, random, difference, calls, right;
  const std::int64_t most = times * static_cast<std::int64_t>(n);
  for (int t = 0; t < trials; ++t) {
    const std::uint64_t own = rm::derive_seed(seed, n, static_cast<std::uint64_t>(t));
    const Judge judge(n, k, unparsed, own);
    const Played all = play(judge, 0, own), some = play(judge, most, own);
    full.add(all.tau);
    budget.add(some.tau);
    calls.add(some.calls);
    difference.add(some.tau - all.tau);
    random.add(play_blindly(judge, most, own));
    right.add(judge.right());
  }
  std::printf("%3zu %4g %8.2f %6.3f   %3d %.4f +-%.4f   %2dN %3.0f %.4f +-%.4f   %+.4f +-%.4f   %.4f\n", n, k, unparsed,
              right.value(), static_cast<int>(n * (n - 1) / 2), full.value(), full.error(), static_cast<int>(times),
              calls.value(), budget.value(), budget.error(), difference.value(), difference.error(), random.value());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  int trials = 2000;
  std::uint64_t seed = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string_view(argv[i]) == "--trials") trials = std::max(1, std::atoi(argv[i + 1]));
    if (std::string_view(argv[i]) == "--seed") seed = std::strtoull(argv[i + 1], nullptr, 10);
  }
  std::printf("%d trials a row, seed %llu\n", trials, static_cast<unsigned long long>(seed));
  std::printf(
      "  N    k unparsed  right  every pair: calls, tau   budget: calls, tau     difference           random\n");
  constexpr std::array kNoise = {1.0, 2.0, 4.0, 8.0, 16.0, 32.0};
  for (std::size_t n : {4, 8, 16}) {
    for (double unparsed : {0.0, 0.1}) {
      for (double k : kNoise) row(n, 3, k, unparsed, trials, seed);
    }
  }
  for (std::int64_t times : {4, 5, 6}) {
    for (double k : kNoise) row(16, times, k, 0, trials, seed);
  }
}
