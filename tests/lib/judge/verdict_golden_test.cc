// The verdict rules as goldens/verdict.py states them, on a table it wrote; `verdict.py compare` is the large form.
#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "lib/base/json.h"
#include "lib/judge/verdict.h"

namespace rm::judge {
namespace {

TEST_CASE("every mode agrees with the regular expressions of goldens/verdict.py") {
  std::ifstream in(RM_SOURCE_DIR "/tests/golden/judge/verdict.jsonl");
  REQUIRE(in.good());
  json::Document document;
  int rows = 0;
  for (std::string line; std::getline(in, line); ++rows) {
    const auto row = document.parse(line);
    REQUIRE(row.ok());
    const std::string trace(*row->find("trace")->string());
    CAPTURE(trace);
    for (VerdictMode m :
         {VerdictMode::kStrict, VerdictMode::kRewardBench, VerdictMode::kReward, VerdictMode::kDistill}) {
      CAPTURE(name(m));
      const Verdict v = read_verdict(trace, m);
      std::string got = v.why == NoVerdict::kConflict ? "conflict" : "missing";
      if (v.side) got = (*v.side == Side::kA ? "A@" : "B@") + std::to_string(v.letter_byte);
      CHECK(got == *row->find(name(m))->string());
    }
    CHECK(rm_r1_reward(trace, Side::kA) == row->find("reward_A")->integer());
    CHECK(rm_r1_reward(trace, Side::kB) == row->find("reward_B")->integer());
    CHECK(distill_keeps(trace, Side::kA) == row->find("keeps_A")->boolean());
    CHECK(distill_keeps(trace, Side::kB) == row->find("keeps_B")->boolean());
  }
  CHECK(rows == 400);
}

}  // namespace
}  // namespace rm::judge
