// Bradley-Terry strengths from the outcomes of pairwise comparisons, with intervals.
//
// P(i beats j) = 1 / (1 + exp(s_j - s_i)) (R. A. Bradley and M. E. Terry, Biometrika 39 (1952), 324-345). The estimate is the
// mode under a weak normal prior on every strength, so that an answer that won or lost everything, or was never compared, has
// a finite score and a wide interval. A tie counts as half a win for each. Newton's method on the exact Hessian: time m^3 and
// memory m^2 in the largest group of players that games connect, nothing to speak of for players without games. The games'
// order changes no bit of what comes back. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "lib/stats/wilson.h"

namespace rm::stats {

struct Game {
  std::size_t a = 0, b = 0;
  double score = 0;  // of a: 1 won, 0 lost, 0.5 tie; between for soft preferences
};

struct Strength {
  double score = 0;   // nats; all of them have mean 0
  Interval interval;  // score +- z standard errors of the posterior's normal approximation
};

// The prior's standard deviation of one strength, in nats. Two answers then differ by 2.8, which a judge of that many nats
// tells apart in 83 % of the pairs, as good judges do on hard benchmarks; ten wins without a loss still reach 96 %.
inline constexpr double kStrengthPrior = 2;

// `n` players. Games that name others, or a player twice, or whose score is not in [0, 1], are ignored. The interval is that
// of the score less the mean of all, whose variance is less than the strength's own. A z that is not finite and >= 0 counts
// as kZ95. Always finite; empty for n = 0.
std::vector<Strength> bradley_terry(std::size_t n, std::span<const Game> games, double z = kZ95);

// The normal approximation itself, for choosing what to compare next: modes, and the inverse of the Hessian there, n x n, row
// by row. Covariances are those of the strengths before centring; differences of strengths do not care.
struct Posterior {
  std::vector<double> score, covariance;
};
Posterior bradley_terry_posterior(std::size_t n, std::span<const Game> games);

// Kendall's tau-b of two score lists (M. G. Kendall, Biometrika 33 (1945), 239-251): ties count for neither order. 0 where one
// of them is constant or the lengths differ; NaN ties with everything.
double kendall_tau(std::span<const double> x, std::span<const double> y);

}  // namespace rm::stats
