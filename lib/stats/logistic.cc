#include "lib/stats/logistic.h"

#include <cmath>

namespace rm::stats {
namespace {

constexpr int kSteps = 50;
constexpr double kFar = 20;  // log-odds beyond which the data part
constexpr double kSettled = 1e-9;
constexpr std::size_t kMany = 100'000, kThinned = 16;

double expit(double v) { return 1 / (1 + std::exp(-v)); }

struct Matrix2 {
  double aa = 0, ab = 0, bb = 0;
  double determinant() const { return aa * bb - ab * ab; }
};

struct Sums {
  double a = 0, b = 0;  // gradient
  Matrix2 curve;
};

using At = std::function<Observation(std::size_t)>;

// Gradient and curvature over every step-th observation.
Sums sums(const Logistic& l, std::size_t n, std::size_t step, const At& at) {
  Sums s;
  for (std::size_t i = 0; i < n; i += step) {
    const Observation o = at(i);
    const double p = expit(l.intercept + l.slope * o.x), r = o.y - p, w = p * (1 - p);
    s.a += r, s.b += r * o.x;
    s.curve.aa += w, s.curve.ab += w * o.x, s.curve.bb += w * o.x * o.x;
  }
  return s;
}

// Newton's method from where `l` stands; false where it does not settle on a finite estimate.
bool settle(Logistic& l, std::size_t n, std::size_t step, const At& at) {
  for (int i = 0; i < kSteps; ++i) {
    const Sums s = sums(l, n, step, at);
    const double d = s.curve.determinant();
    if (!(d > 1e-12 * s.curve.aa * s.curve.bb) || !(s.curve.aa > 0)) return false;
    double da = (s.curve.bb * s.a - s.curve.ab * s.b) / d, db = (s.curve.aa * s.b - s.curve.ab * s.a) / d;
    const double shrink = std::fmin(1, 5 / std::fmax(std::fabs(da), std::fabs(db)));
    da *= shrink, db *= shrink;
    l.intercept += da, l.slope += db;
    if (!(std::fabs(l.intercept) < kFar && std::fabs(l.slope) < kFar)) return false;
    if (std::fabs(da) + std::fabs(db) < kSettled) return true;
  }
  return false;
}

}  // namespace

std::optional<Logistic> logistic(std::size_t n, const At& at) {
  Logistic l;
  // Of very many observations a few already lead near the estimate.
  if (n > kMany && !settle(l, n, kThinned, at)) l = {};
  if (!settle(l, n, 1, at)) return std::nullopt;
  const Sums s = sums(l, n, 1, at);
  Matrix2 meat;
  double ga = 0, gb = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const Observation o = at(i);
    const double r = o.y - expit(l.intercept + l.slope * o.x);
    ga += r, gb += r * o.x;
    if (i + 1 < n && at(i + 1).cluster == o.cluster) continue;
    meat.aa += ga * ga, meat.ab += ga * gb, meat.bb += gb * gb;
    ga = gb = 0;
  }
  // inverse(curve) * meat * inverse(curve)
  const double d = s.curve.determinant(), iaa = s.curve.bb / d, iab = -s.curve.ab / d, ibb = s.curve.aa / d;
  l.intercept_error = std::sqrt(iaa * iaa * meat.aa + 2 * iaa * iab * meat.ab + iab * iab * meat.bb);
  l.slope_error = std::sqrt(iab * iab * meat.aa + 2 * iab * ibb * meat.ab + ibb * ibb * meat.bb);
  return l;
}

AtZero at_zero(const Logistic& l, double z) {
  return {expit(l.intercept), {expit(l.intercept - z * l.intercept_error), expit(l.intercept + z * l.intercept_error)}};
}

}  // namespace rm::stats
