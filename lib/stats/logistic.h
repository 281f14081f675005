// Logistic regression with one regressor, and what it says where the regressor is zero.
//
// P(y = 1) = 1 / (1 + exp(-(a + b x))), by Newton's method (D. R. Cox, J. R. Stat. Soc. B 20 (1958), 215-242); the
// covariance is the sandwich over clusters (K.-Y. Liang and S. L. Zeger, Biometrika 73 (1986), 13-22), so that records of
// one item may depend on each other. Pure function, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "lib/stats/wilson.h"

namespace rm::stats {

struct Observation {
  double x = 0, y = 0;  // y from 0 to 1
  std::uint32_t cluster = 0;
};

struct Logistic {
  double intercept = 0, slope = 0;
  double intercept_error = 0, slope_error = 0;  // standard errors
};

// `at` gives observation i of n; those of one cluster must follow each other. Empty where no finite estimate exists (all y
// alike, x without spread, or x parts them).
std::optional<Logistic> logistic(std::size_t n, const std::function<Observation(std::size_t)>& at);

// P(y = 1) at x = 0 with its interval, made on the scale of the intercept.
struct AtZero {
  double value = 0;
  Interval interval;
};
AtZero at_zero(const Logistic& l, double z = kZ95);

}  // namespace rm::stats
