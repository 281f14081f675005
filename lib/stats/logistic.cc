#include "lib/stats/logistic.h"

#include <cmath>

namespace rm::stats {
namespace {

constexpr int kSteps = 50;
constexpr double kFar = 20;  // log-odds beyond which the data part

double expit(double v) { return 1 / (1 + std::exp(-v)); }

struct Matrix2 {
  double aa = 0, ab = 0, bb = 0;
  double determinant() const { return aa * bb - ab * ab; }
};

struct Sums {
  double a = 0, b = 0;  // gradient
  Matrix2 curve;
};

}  // namespace

std::optional<Logistic> logistic(std::size_t n, const std::function<Observation(std::size_t)>& at) {
  Logistic l;
  Sums s;
  const auto sum = [&] {
    s = {};
    for (std::size_t i = 0; i < n; ++i) {
      const Observation o = at(i);
      const double p = expit(l.intercept + l.slope * o.x), r = o.y - p, w = p * (1 - p);
      s.a += r, s.b += r * o.x;
      s.curve.aa += w, s.curve.ab += w * o.x, s.curve.bb += w * o.x * o.x;
    }
  };
  bool settled = false;
  for (int step = 0; step < kSteps && !settled; ++step) {
    sum();
    const double d = s.curve.determinant();
    if (!(d > 1e-12 * s.curve.aa * s.curve.bb) || !(s.curve.aa > 0)) return std::nullopt;
    double da = (s.curve.bb * s.a - s.curve.ab * s.b) / d, db = (s.curve.aa * s.b - s.curve.ab * s.a) / d;
    const double shrink = std::fmin(1, 5 / std::fmax(std::fabs(da), std::fabs(db)));
    da *= shrink, db *= shrink;
    l.intercept += da, l.slope += db;
    if (!(std::fabs(l.intercept) < kFar && std::fabs(l.slope) < kFar)) return std::nullopt;
    settled = std::fabs(da) + std::fabs(db) < 1e-10;
  }
  if (!settled) return std::nullopt;
  sum();
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
