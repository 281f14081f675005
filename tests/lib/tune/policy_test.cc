// A token's term: by hand where the arithmetic is short, and its derivative against differences.
#include "lib/tune/policy.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace rm::tune;

TEST_CASE("the clip holds a ratio where it would pay, and only there") {
  struct Row {
    double ratio, advantage, dual, loss, derivative;
    bool clipped;
  };
  // low 0.2, high 0.3
  const Row rows[] = {
      {1.0, 2, 0, -2.0, -2.0, false}, {1.25, 2, 0, -2.5, -2.5, false}, {1.5, 2, 0, -2.6, 0, true},
      {0.5, 2, 0, -1.0, -1.0, false}, {1.5, -2, 0, 3.0, 3.0, false},   {0.5, -2, 0, 1.6, 0, true},
      {0.9, -2, 0, 1.8, 1.8, false},  {4.0, -2, 0, 8.0, 8.0, false},   {4.0, -2, 3, 6.0, 0, true},
      {2.0, -2, 3, 4.0, 4.0, false},  {4.0, 2, 3, -2.6, 0, true},      {1.0, 0, 0, 0, 0, false},
  };
  for (const Row& r : rows) {
    CAPTURE(r.ratio);
    CAPTURE(r.advantage);
    CAPTURE(r.dual);
    PolicyRule rule{0.2, 0.3, r.dual, 0};
    PolicyToken t;
    t.advantage = static_cast<float>(r.advantage);
    t.old = -1;
    const PolicyTerm term = policy_term(-1 + std::log(r.ratio), t, rule);
    CHECK(term.loss == doctest::Approx(r.loss).epsilon(1e-9));
    CHECK(term.derivative == doctest::Approx(r.derivative).epsilon(1e-9));
    CHECK(term.clipped == r.clipped);
    CHECK(term.ratio == doctest::Approx(r.ratio).epsilon(1e-9));
    CHECK(term.penalty == 0);
  }
}

TEST_CASE("the penalty is k3, held at 10") {
  PolicyRule rule;
  rule.kl = 0.5;
  PolicyToken t;  // nothing is known of old: the ratio is 1
  const auto at = [&](double d) {
    t.reference = static_cast<float>(-2 + d);
    return policy_term(-2, t, rule);
  };
  CHECK(at(0).penalty == 0);
  CHECK(at(0).derivative == 0);
  CHECK(at(1).penalty == doctest::Approx(std::exp(1.0) - 2));
  CHECK(at(1).derivative == doctest::Approx(0.5 * (1 - std::exp(1.0))));
  CHECK(at(-1).penalty == doctest::Approx(std::exp(-1.0)));
  CHECK(at(-1).derivative == doctest::Approx(0.5 * (1 - std::exp(-1.0))));
  CHECK(at(3).penalty == 10);
  CHECK(at(3).derivative == 0);
  CHECK(at(500).penalty == 10);  // exp() overflows
  CHECK(std::isfinite(at(500).derivative));
}

TEST_CASE("the correction is of the clipped term alone") {
  PolicyRule rule;
  rule.kl = 1;
  PolicyToken t;
  t.advantage = 1;
  t.reference = -1;
  const PolicyTerm whole = policy_term(-2, t, rule);
  t.scale = 0.25f;
  const PolicyTerm part = policy_term(-2, t, rule);
  CHECK(part.loss - part.penalty == doctest::Approx(0.25 * (whole.loss - whole.penalty)));
  CHECK(part.derivative - whole.derivative == doctest::Approx(0.75));
}
