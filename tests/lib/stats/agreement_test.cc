#include "lib/stats/agreement.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "lib/base/json.h"
#include "lib/stats/logistic.h"

namespace rm::stats {
namespace {

template <class F>
void each_row(const char* file, F f) {
  std::ifstream in(std::string(RM_SOURCE_DIR "/tests/golden/stats/") + file);
  REQUIRE(in.good());
  json::Document document;
  int rows = 0;
  for (std::string line; std::getline(in, line); ++rows) {
    const auto row = document.parse(line);
    REQUIRE(row.ok());
    f(*row);
  }
  CHECK(rows > 0);
}

double number(const json::Value& row, const char* key) { return *row.find(key)->number(); }

std::vector<double> numbers(const json::Value& list) {
  std::vector<double> out;
  for (const json::Value& v : list.items()) out.push_back(*v.number());
  return out;
}

TEST_CASE("McNemar's exact p is scipy's binomtest (goldens/eval_stats.py)") {
  each_row("mcnemar.jsonl", [](const json::Value& row) {
    const auto b = row.find("b")->unsigned_integer(), c = row.find("c")->unsigned_integer();
    CAPTURE(*b);
    CAPTURE(*c);
    CHECK(mcnemar_exact(*b, *c) == doctest::Approx(number(row, "p")).epsilon(1e-8));
    CHECK(mcnemar_exact(*c, *b) == mcnemar_exact(*b, *c));
  });
}

TEST_CASE("kappa is what its definition gives") {
  each_row("kappa.jsonl", [](const json::Value& row) {
    std::vector<double> table;
    const std::size_t n = row.find("table")->size();
    for (const json::Value& r : row.find("table")->items()) {
      for (const double v : numbers(r)) table.push_back(v);
    }
    CHECK(cohen_kappa(table, n) == doctest::Approx(number(row, "kappa")).epsilon(1e-12));
  });
  const std::vector<double> empty(9, 0);
  CHECK(cohen_kappa(empty, 3) == 0);
}

TEST_CASE("Holm's correction") {
  each_row("holm.jsonl", [](const json::Value& row) {
    const std::vector<double> got = holm(numbers(*row.find("p"))), want = numbers(*row.find("corrected"));
    REQUIRE(got.size() == want.size());
    for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == doctest::Approx(want[i]).epsilon(1e-12));
  });
}

TEST_CASE("logistic regression and its clustered errors are those of the matrix form") {
  each_row("logistic.jsonl", [](const json::Value& row) {
    const std::vector<double> x = numbers(*row.find("x")), y = numbers(*row.find("y")),
                              c = numbers(*row.find("cluster"));
    const auto fit = logistic(x.size(), [&](std::size_t i) {
      return Observation{x[i], y[i], static_cast<std::uint32_t>(c[i])};
    });
    REQUIRE(fit.has_value());
    CHECK(fit->intercept == doctest::Approx(number(row, "a")).epsilon(1e-8));
    CHECK(fit->slope == doctest::Approx(number(row, "b")).epsilon(1e-8));
    CHECK(fit->intercept_error == doctest::Approx(number(row, "a_error")).epsilon(1e-8));
    CHECK(fit->slope_error == doctest::Approx(number(row, "b_error")).epsilon(1e-8));
    const AtZero zero = at_zero(*fit);
    CHECK(zero.value == doctest::Approx(number(row, "value")).epsilon(1e-8));
    CHECK(zero.interval.low == doctest::Approx(number(row, "low")).epsilon(1e-8));
    CHECK(zero.interval.high == doctest::Approx(number(row, "high")).epsilon(1e-8));
  });
}

TEST_CASE("there is no estimate where the data part or say nothing") {
  const auto fit = [](const std::vector<Observation>& o) {
    return logistic(o.size(), [&](std::size_t i) { return o[i]; }).has_value();
  };
  CHECK(!fit({}));
  CHECK(!fit({{0, 1, 0}, {1, 1, 1}, {2, 1, 2}}));               // all right
  CHECK(!fit({{1, 0, 0}, {1, 1, 1}, {1, 1, 2}}));               // no spread
  CHECK(!fit({{-2, 0, 0}, {-1, 0, 1}, {1, 1, 2}, {2, 1, 3}}));  // parted
}

}  // namespace
}  // namespace rm::stats
