#include "lib/rubric/tally.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

namespace rm::rubric {
namespace {

using records::Rubric;

Rubric rubric(const char* type, std::initializer_list<records::Criterion> criteria) {
  Rubric r;
  r.type = type;
  r.criteria = criteria;
  return r;
}

TEST_CASE("names that differ in case, white space, marks or number are one") {
  struct Row {
    const char *a, *b;
    bool same;
  };
  for (const Row& row : {
           Row{"Factual  Accuracy", "factual accuracy", true},
           Row{"Detail", "Details", true},
           Row{"Safety & Policies", "safety and policy", true},
           Row{"User-Friendliness", "user friendliness", true},
           Row{"**Tone**:", "tone", true},
           Row{"Processes", "process", true},
           Row{"Clarity", "Clearness", false},
           Row{"Helpfulness", "Helpfulnes", false},  // -ss is no plural
           Row{"Analysis", "Analysi", false},
           Row{"Focus", "Focu", false},
           Row{"Tone of voice", "Tone", false},
           Row{"\xe6\xb8\x85\xe6\x99\xb0", "\xe6\xb8\x85\xe6\x99\xb0 ", true},
       }) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    CHECK((fold_name(row.a) == fold_name(row.b)) == row.same);
  }
}

TEST_CASE("criteria are grouped, counted once a rubric, and their weights averaged") {
  Tally t;
  t.add(rubric("chat", {{"Accuracy", 0.5, ""}, {"Tone", 0.5, ""}}));
  t.add(rubric("chat", {{"accuracy", 0.4, ""}, {"Accuracy", 0.2, ""}, {"Tones", 0.3, ""}}));
  Rubric last = rubric("reasoning", {{"Accuracy", std::nullopt, ""}});
  last.unread = {{"weight", "word", "Accuracy", "high"}};
  t.add(last);
  Rubric solved;
  solved.solution = "4";
  t.add(solved);
  const Summary s = t.summary(0);
  CHECK(s.rubrics == 4);
  CHECK(s.with_criteria == 3);
  CHECK(s.with_solution == 1);
  CHECK(s.criteria == 6);
  CHECK(s.weighted == 5);
  CHECK(s.full == 2);
  CHECK(s.sum_to_one == 1);
  CHECK(s.unread.at("weight: word") == 1);
  REQUIRE(s.types.size() == 3);
  CHECK(s.types[0].count == 2);
  CHECK(s.types[1].count == 1);
  CHECK(s.types[2].count == 1);
  REQUIRE(s.groups.size() == 2);
  CHECK(s.groups[0].name == "Accuracy");
  CHECK(s.groups[0].rubrics == 3);
  CHECK(s.groups[0].weighted == 3);
  CHECK(*s.groups[0].mean == doctest::Approx((0.5 + 0.4 + 0.2) / 3));
  CHECK(s.groups[0].interval->low < *s.groups[0].mean);
  CHECK(s.groups[0].interval->high > *s.groups[0].mean);
  CHECK(s.groups[1].rubrics == 2);
  CHECK(*s.groups[1].mean == doctest::Approx(0.4));
}

TEST_CASE("nothing counted is said so, without dividing by it") {
  CHECK(summary_json(Tally().summary(0)) ==
        R"({"rubrics":0,"with_criteria":0,"with_solution":0,"types":{"chat":{"count":0,"low":0,"high":1},)"
        R"("reasoning":{"count":0,"low":0,"high":1},"none":{"count":0,"low":0,"high":1}},"criteria":0,"weighted":0,)"
        R"("all_weighted":0,"sum_to_one":0,"unread":{},"groups":[]})");
}

}  // namespace
}  // namespace rm::rubric
