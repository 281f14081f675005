#include <doctest/doctest.h>

#include <sstream>

#include "lib/report/compare_table.h"
#include "lib/report/score_table.h"

namespace rm::report {
namespace {

bench::Scores scores() {
  bench::Scores s;
  s.bench = "pairs";
  s.models = {"a\x1b[31mmodel"};
  s.counts.records = 1234;
  s.overall = {"overall", "overall", 0.5, {0.4, 0.6}, "wilson", 1234};
  s.figures.push_back({"subset", "one", 1.0, {0.9, 1}, "wilson", 10});
  s.figures.push_back({"subset", "none", std::nullopt, {}, "", 0});
  return s;
}

TEST_CASE("a table is plain text without colour, and never lets a name steer the terminal") {
  const std::string plain = score_table(scores(), false);
  CHECK(plain.find('\x1b') == plain.npos);
  CHECK(plain.find("\\x1b[31mmodel") != plain.npos);
  CHECK(plain.find("50.00   40.00 to  60.00     1,234\n") != plain.npos);
  CHECK(plain.find(" \n") == plain.npos);
  CHECK(score_table(scores(), true).find("\x1b[1m") != std::string::npos);
}

TEST_CASE("names are shown whole, and columns stay aligned") {
  bench::Scores s = scores();
  const std::string name = "Pairwise_set/Helpfulness/Classification/Quality and Compliance Assessment";
  s.figures.push_back({"subset", name, 0.25, {0.2, 0.3}, "wilson", 7});
  const std::string table = score_table(s, false);
  CHECK(table.find(name + "    25.00") != table.npos);
  CHECK(table.find("overall" + std::string(name.size() - 7, ' ') + "    50.00") != table.npos);
}

TEST_CASE("of a partial run every line says so") {
  bench::Scores s = scores();
  s.missing = {"subset x: 1 of 2 items"};
  std::istringstream in(score_table(s, false));
  for (std::string line; std::getline(in, line);) CHECK(line.starts_with("partial"));
  bench::Comparison c;
  c.difference = {"overall", "overall", -0.1, {-0.2, 0.01}, "bootstrap", 9};
  std::istringstream compared(compare_table({c, c}, false, true));
  for (std::string line; std::getline(compared, line);) CHECK(line.starts_with("partial"));
}

}  // namespace
}  // namespace rm::report
