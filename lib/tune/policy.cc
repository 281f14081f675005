#include "lib/tune/policy.h"

#include <algorithm>
#include <cmath>

namespace rm::tune {
namespace {

constexpr double kMostPenalty = 10;

struct Clipped {
  double loss, derivative;  // by log p: that of a ratio is the ratio itself
  bool clipped;
};

Clipped clipped_term(double ratio, double advantage, const PolicyRule& rule) {
  const double bounded = std::clamp(ratio, 1 - rule.clip_low, 1 + rule.clip_high);
  const double free = -advantage * ratio, held = -advantage * bounded;
  Clipped out{free, free, false};
  if (held > free) out = {held, 0, true};
  if (rule.dual_clip > 0 && advantage < 0 && out.loss > -advantage * rule.dual_clip)
    out = {-advantage * rule.dual_clip, 0, true};
  return out;
}

}  // namespace

PolicyTerm policy_term(double log_p, const PolicyToken& t, const PolicyRule& rule) {
  PolicyTerm out;
  out.ratio = std::isnan(t.old) ? 1 : std::exp(log_p - static_cast<double>(t.old));
  const Clipped c = clipped_term(out.ratio, t.advantage, rule);
  const auto scale = static_cast<double>(t.scale);
  out.loss = scale * c.loss;
  out.derivative = scale * c.derivative;
  out.clipped = c.clipped;
  if (rule.kl > 0) {
    const double d = static_cast<double>(t.reference) - log_p;
    const double k3 = std::exp(d) - d - 1;
    out.penalty = std::min(k3, kMostPenalty);  // never below 0, so that the lower bound of -10 cannot hold
    out.loss += rule.kl * out.penalty;
    if (k3 <= kMostPenalty) out.derivative += rule.kl * (1 - std::exp(d));
  }
  return out;
}

}  // namespace rm::tune
