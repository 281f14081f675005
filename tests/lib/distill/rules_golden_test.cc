// Filters and the leak rule as goldens/distill_rules.py states them, on a table it wrote; `distill_rules.py compare` is the large form.
#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "lib/base/json.h"
#include "lib/distill/filter.h"
#include "lib/distill/leak.h"

namespace rm::distill {
namespace {

TEST_CASE("filters and the leak rule agree with the regular expressions of goldens/distill_rules.py") {
  std::ifstream in(RM_SOURCE_DIR "/tests/golden/distill/rules.jsonl");
  REQUIRE(in.good());
  json::Document document;
  int rows = 0, told = 0, kept = 0;
  for (std::string line; std::getline(in, line); ++rows) {
    CAPTURE(line);
    const auto row = document.parse(line);
    REQUIRE(row.ok());
    const std::string trace(*row->find("trace")->string());
    const bool cut = *row->find("cut")->boolean();
    const auto right = row->find("right")->string() == "A" ? judge::Side::kA : judge::Side::kB;
    for (const Filter f : {Filter::kDistill, Filter::kStrict})
      CHECK(why_not(trace, cut, right, f) == *row->find(name(f))->string());
    const auto got =
        told_verdict(trace, std::vector<text::Message>{{"user", std::string(*row->find("prompt")->string())}});
    const auto want = row->find("told")->string();
    CHECK(got.has_value() == want.has_value());
    if (got && want) CHECK(*got == *want);
    told += want.has_value();
    kept += why_not(trace, cut, right, Filter::kDistill).empty();
  }
  CHECK(rows == 300);
  CHECK(told > 30);
  CHECK(kept > 60);
}

}  // namespace
}  // namespace rm::distill
