#include "lib/report/chart.h"

#include <doctest/doctest.h>

#include <cmath>

namespace rm::report {
namespace {

using bench::Figure;

TEST_CASE("a mark stands where its value is, and the value beside it as text") {
  const Figure f{"subset", "<one>", 0.25, {0.125, 0.5}, "wilson", 1234};
  const Figure none{"subset", "<one>", std::nullopt, {}, "", 0};
  const std::string chart = interval_chart({"By & by", {"a", "b"}}, {{f.name, {&f, &none}}});
  CHECK(chart.find("<caption>By &amp; by</caption>") != chart.npos);
  CHECK(chart.find("&lt;one&gt;") != chart.npos);
  CHECK(chart.find("<one>") == chart.npos);
  CHECK(chart.find("x1=\"12.50%\" x2=\"50.00%\"") != chart.npos);
  CHECK(chart.find("<svg x=\"25.00%\"") != chart.npos);
  CHECK(chart.find(">25.00</td>") != chart.npos);
  CHECK(chart.find(">12.50 to 50.00</td>") != chart.npos);
  CHECK(chart.find(">1,234</td>") != chart.npos);
  CHECK(chart.find("<td class=\"number\">–</td>") != chart.npos);  // the run without a value
}

TEST_CASE("differences have signs and a middle") {
  const Figure f{"overall", "overall", 0.05, {-0.05, 0.1}, "bootstrap", 9};
  const std::string chart = interval_chart({"d", {"b"}, -0.1, 0.1, 0, true}, {{"overall", {&f}}});
  CHECK(chart.find(">+5.00</td>") != chart.npos);
  CHECK(chart.find(">-5.00 to +10.00</td>") != chart.npos);
  CHECK(chart.find("class=\"middle\" x1=\"50.00%\"") != chart.npos);
  CHECK(chart.find("<svg x=\"75.00%\"") != chart.npos);
}

TEST_CASE("a heat map has the chosen style in its row and the rejected one in its column") {
  bench::Scores::Matrix m{"chat", {}};
  m.cells[1].value = 0.25;  // concise chosen, detailed plain rejected
  m.cells[1].interval = {0.1, 0.4};
  const std::string map = heat_map("chat", m);
  const auto row = map.find("<small>chosen</small> concise");
  REQUIRE(row != map.npos);
  CHECK(map.find("<td class=\"empty\">–</td><td class=\"heat-5\"><b>25.0</b><small>10–40</small></td>", row) <
        map.find("</tr>", row));
}

TEST_CASE("calibration error is the mean distance, weighted by records") {
  std::array<bench::Bin, 10> bins{};
  CHECK_FALSE(calibration_error(bins));
  CHECK(calibration_chart({"a"}, {&bins}).empty());
  bins[5] = {10, 8, 5.5};    // 55 % sure, 80 % right
  bins[9] = {30, 24, 28.5};  // 95 % sure, 80 % right
  CHECK(std::abs(*calibration_error(bins) - (10 * 0.25 + 30 * 0.15) / 40) < 1e-12);
  const std::string chart = calibration_chart({"a"}, {&bins});
  CHECK(chart.find("17.50 points") != chart.npos);
  CHECK(chart.find("<td class=\"number\">55.00</td><td class=\"number\">80.00</td>") != chart.npos);
}

}  // namespace
}  // namespace rm::report
