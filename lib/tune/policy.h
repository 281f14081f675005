// What one token of a rollout adds to GRPO's loss, and that term's derivative by the token's log-probability.
//
// The rest of the gradient is that of log p, so a Trainer needs nothing but this number a token. GRPO: arXiv:2402.03300; the
// details are those of the trainer RM-R1 used (verl as of March 2025: two-sided clip; k3 penalty with its result held in
// [-10, 10]), with later options beside them: clip-higher (DAPO, arXiv:2503.14476), dual clip (arXiv:1912.09729). Pure.
#pragma once

#include <limits>

namespace rm::tune {

inline constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

struct PolicyRule {
  double clip_low = 0.2, clip_high = 0.2;  // the ratio counts within [1 - low, 1 + high]
  double dual_clip = 0;  // > 1: where the advantage is negative, never more than -dual_clip * A; 0: off
  double kl = 0.001;     // weight of the penalty; 0: none, and no reference is needed
};

// A token that was sampled, as the loss knows it.
struct PolicyToken {
  float advantage = 0;
  float scale = 1;             // of the clipped term alone: the correction for what sampled it (rl/advantage.h)
  float old = kUnknown;        // log p under the policy the batch began with; unknown: that of now, the ratio is 1
  float reference = kUnknown;  // log p under the frozen reference; needed where rule.kl > 0
  float sampled = kUnknown;    // log p as the engine said it; only compared
};

struct PolicyTerm {
  double loss = 0;        // scale * clipped term + kl * penalty
  double derivative = 0;  // d loss / d log p
  double penalty = 0;     // k3: exp(d) - d - 1, d = reference - log p (Schulman, "Approximating KL Divergence", 2020)
  double ratio = 1;
  bool clipped =
      false;  // a bound of the clip decides; also where it only bounds the loss of a token that is right already
};

PolicyTerm policy_term(double log_p, const PolicyToken& t, const PolicyRule& rule);

}  // namespace rm::tune
