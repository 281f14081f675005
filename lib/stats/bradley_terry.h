// Bradley-Terry strengths from the outcomes of pairwise comparisons, with intervals.
//
// P(i beats j) = 1 / (1 + exp(s_j - s_i)) (R. A. Bradley and M. E. Terry, Biometrika 39 (1952), 324-345). The estimate is the
// mode under a weak normal prior on every strength, so that an answer that won or lost everything, or was never compared, has
// a finite score and a wide interval. A tie counts as half a win for each. Pure functions; any thread.
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

// `n` players. Games that name others, or a player twice, are ignored. Empty for n = 0.
std::vector<Strength> bradley_terry(std::size_t n, std::span<const Game> games, double z = kZ95);

// Kendall's tau-b of two score lists of the same length; 0 where one of them is constant.
double kendall_tau(std::span<const double> x, std::span<const double> y);

}  // namespace rm::stats
