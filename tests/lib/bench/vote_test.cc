#include "lib/bench/vote.h"

#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <vector>

namespace rm::bench {
namespace {

std::string verdict(const char* v) {
  const std::string w = v;
  const std::string quoted = w.empty() ? "null" : "\"" + w + "\"";
  const std::string preferred = w == "A" ? "\"chosen\"" : w == "B" ? "\"rejected\"" : quoted;
  return "{\"judgment\":{\"verdict\":" + quoted + ",\"preferred\":" + preferred +
         ",\"correct\":" + (w == "A" ? "true" : "false") +
         ",\"samples\":[{\"order\":\"ab\",\"verdict\":null,\"reason\":\"ok\"}],\"model\":\"m\"}}";
}

Result<records::Judgment> panel(const std::vector<std::string>& lines) {
  std::deque<json::Document> documents;
  std::vector<json::Value> values;
  for (const std::string& l : lines) {
    auto v = documents.emplace_back().parse(l);
    REQUIRE_MESSAGE(v.ok(), l);
    values.push_back(*v);
  }
  return vote(values);
}

TEST_CASE("the majority of verdicts decides") {
  struct Case {
    std::vector<const char*> verdicts;
    const char *verdict, *preferred;
    bool correct;
  };
  for (const Case& c : {
           Case{{"A", "A", "B"}, "A", "chosen", true},
           Case{{"B", "A", "B"}, "B", "rejected", false},
           Case{{"A", "B"}, "tie", "tie", false},
           Case{{"A", "tie", "tie"}, "A", "chosen", true},
           Case{{"tie", ""}, "tie", "tie", false},
           Case{{"", "B", ""}, "B", "rejected", false},
           Case{{"", ""}, "", "", false},
       }) {
    std::vector<std::string> lines;
    for (const char* v : c.verdicts) lines.push_back(verdict(v));
    const auto j = panel(lines);
    REQUIRE(j.ok());
    CHECK(j->verdict.value_or("") == c.verdict);
    CHECK(j->preferred.value_or("") == c.preferred);
    CHECK(j->correct == c.correct);
    CHECK(j->samples.size() == lines.size());
  }
  const auto j = panel({verdict("A"), verdict("A"), verdict("B"), verdict("")});
  CHECK(j->votes_a == 2);
  CHECK(j->votes_b == 1);
  CHECK(j->votes_none == 1);
  CHECK(*j->confidence == doctest::Approx(2.0 / 3));
  CHECK(j->model == "m + m + m + m");
}

TEST_CASE("a judge that failed has no vote, and all failing is a failure") {
  const char* failed = R"({"error":{"code":"too_long","message":"m","line":1}})";
  const auto j = panel({failed, verdict("A")});
  REQUIRE(j.ok());
  CHECK(j->verdict == "A");
  CHECK(j->votes_none == 1);
  CHECK(panel({failed, failed}).error().reason == "all_failed");
  CHECK(panel({"{}", verdict("A")}).error().reason == "bad_judgment");
}

TEST_CASE("ratings are averaged over those who gave one") {
  const auto rated = [](const char* list) {
    return "{\"judgment\":{\"ratings\":" + std::string(list) + ",\"samples\":[]}}";
  };
  const auto j = panel({rated("[1,null,3,4]"), rated("[3,null,null,6]")});
  REQUIRE(j.ok());
  REQUIRE(j->ratings.has_value());
  CHECK(*j->ratings == std::vector<std::optional<double>>{2.0, std::nullopt, 3.0, 5.0});
  CHECK(panel({rated("[1,2,3]"), rated("[1,2]")}).error().reason == "not_votable");
  CHECK(panel({rated("[1,2,3]"), verdict("A")}).error().reason == "not_votable");
  CHECK(panel({R"({"judgment":{"ranking":[0,1,2],"samples":[]}})", verdict("A")}).error().reason == "not_votable");
}

}  // namespace
}  // namespace rm::bench
