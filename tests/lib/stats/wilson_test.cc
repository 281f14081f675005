#include "lib/stats/wilson.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <utility>

namespace rm::stats {
namespace {

TEST_CASE("wilson intervals match published values") {
  // The examples of R. G. Newcombe, Two-sided confidence intervals for the single proportion,
  // Statistics in Medicine 17 (1998), table I, method 3; four decimals as printed there.
  struct Row {
    int successes, trials;
    double low, high;
  };
  for (const Row& r : {Row{81, 263, 0.2553, 0.3662}, Row{15, 148, 0.0624, 0.1605}, Row{0, 20, 0.0000, 0.1611},
                       Row{1, 29, 0.0061, 0.1718}}) {
    CAPTURE(r.successes);
    const Interval i = wilson(r.successes, r.trials);
    CHECK(i.low == doctest::Approx(r.low).epsilon(0.00006).scale(1));
    CHECK(i.high == doctest::Approx(r.high).epsilon(0.00006).scale(1));
  }
}

TEST_CASE("a share nobody measured could be anything") {
  for (auto [s, n] : {std::pair{0, 0}, std::pair{-1, 5}, std::pair{6, 5}, std::pair{1, -1}}) {
    CHECK(wilson(s, n).low == 0);
    CHECK(wilson(s, n).high == 1);
  }
}

TEST_CASE("the two ends mirror each other") {
  for (int s = 0; s <= 37; ++s) CHECK(wilson(s, 37).low == doctest::Approx(1 - wilson(37 - s, 37).high));
}

}  // namespace
}  // namespace rm::stats
