#include "lib/rubric/rubric.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "lib/rubric/criteria.h"

namespace rm::rubric {
namespace {

TEST_CASE("a chat trace yields its type, criteria and justification") {
  const Rubric r = read_rubric(R"(<type>Chat</type>

<rubric>
1. **Accuracy (50%)**: are the facts right?
2. **Clarity (30%)**: is it easy to follow?
   Short sentences count.
3. **Tone (20%)**
<justify> Facts matter most here. </justify>
</rubric>

<eval><quote_A>Accuracy: 10%</quote_A> is what A wrote.</eval>
<answer>[[A]]</answer>)");
  CHECK(r.type == "chat");
  REQUIRE(r.criteria.size() == 3);
  CHECK(r.criteria[0].name == "Accuracy");
  CHECK(r.criteria[0].weight == 0.5);
  CHECK(r.criteria[0].description == "are the facts right?");
  CHECK(r.criteria[1].description == "is it easy to follow? Short sentences count.");
  CHECK(r.criteria[2].name == "Tone");
  CHECK(r.criteria[2].weight == 0.2);
  CHECK(r.justify == "Facts matter most here.");
  CHECK(r.solution.empty());
}

TEST_CASE("a reasoning trace yields its own solution") {
  const Rubric r = read_rubric("<type> reasoning </type>\n<solution>\n2 + 2 = 4\n</solution>\n<eval>...</eval>");
  CHECK(r.type == "reasoning");
  CHECK(r.solution == "2 + 2 = 4");
  CHECK(r.criteria.empty());
}

TEST_CASE("what a trace does not say stays empty") {
  for (const char* trace : {"", "<answer>[[A]]</answer>", "<type>Poem</type>", "<type>Chat", "<rubric></rubric>",
                            "<eval><rubric>- Accuracy: 40%</rubric></eval>",
                            "<think><type>Chat</type><rubric>- Accuracy: 40%</rubric></think>"}) {
    CAPTURE(trace);
    const Rubric r = read_rubric(trace);
    CHECK((!r.type || std::string(trace) == "<type>Chat"));
    CHECK(r.criteria.empty());
    CHECK(r.justify.empty());
    CHECK(r.solution.empty());
  }
}

TEST_CASE("parts that were left open end where the next one begins") {
  const Rubric r = read_rubric("<type>Chat\n<rubric>\n- Accuracy: 40%\n<justify>It matters.\n<eval>A: 30%</eval>");
  CHECK(r.type == "chat");
  REQUIRE(r.criteria.size() == 1);
  CHECK(r.criteria[0].weight == 0.4);
  CHECK(r.justify == "It matters.");
}

TEST_CASE("one line of a rubric is read in the spellings models use, and never guessed") {
  struct Row {
    const char* line;
    const char* name;
    std::optional<double> weight;
    const char* description;
  };
  for (const Row& r : {
           Row{"1. **Accuracy (40%)**: facts", "Accuracy", 0.4, "facts"},
           Row{"1. **Accuracy** (40%): facts", "Accuracy", 0.4, "facts"},
           Row{"1) Accuracy [40 %] - facts", "Accuracy", 0.4, "facts"},
           Row{"- Helpfulness: 30%", "Helpfulness", 0.3, ""},
           Row{"- **Helpfulness:** 30% - solves it", "Helpfulness", 0.3, "solves it"},
           Row{"* Helpfulness - 30%: solves it", "Helpfulness", 0.3, "solves it"},
           Row{"• Helpfulness — 12.5%", "Helpfulness", 0.125, ""},
           Row{"Safety (weight: 0.3)", "Safety", 0.3, ""},
           Row{"- Safety (Weight = 30%): no harm", "Safety", 0.3, "no harm"},
           Row{"- Safety (30% weight): no harm", "Safety", 0.3, "no harm"},
           Row{"- Safety: no harm (Weight: 30%)", "Safety", 0.3, "no harm"},
           Row{"- Safety: Weight: 0.30. No harm", "Safety", 0.3, "No harm"},
           Row{"- Safety: Weight of 30 percent", "Safety", 0.3, ""},
           Row{"- 30% Safety: no harm", "Safety", 0.3, "no harm"},
           Row{"- (30%) Safety: no harm", "Safety", 0.3, "no harm"},
           Row{"- Safety 30%", "Safety", 0.3, ""},
           Row{"### 2. Safety (30%)", "Safety", 0.3, ""},
           Row{"<item>Safety</item>", "Safety", std::nullopt, ""},
           Row{"<item>Safety (30%): no harm</item>", "Safety", 0.3, "no harm"},
           Row{"<item weight=\"30%\">Safety</item>", "Safety", 0.3, ""},
           Row{"<criterion name='Safety' weight='0.3'>no harm</criterion>", "Safety", 0.3, "no harm"},
           // nothing that is surely a weight
           Row{"- Safety: at least 90% of harm avoided", "Safety", std::nullopt, "at least 90% of harm avoided"},
           Row{"- Safety: 90% of harm is avoided", "Safety", std::nullopt, "90% of harm is avoided"},
           Row{"- Safety: covers most harm (90%)", "Safety", std::nullopt, "covers most harm (90%)"},
           Row{"- Safety (weight: high): no harm", "Safety", std::nullopt, "no harm"},
           Row{"- Safety (3/10): no harm", "Safety (3/10)", std::nullopt, "no harm"},
           Row{"- Safety (weight: 40)", "Safety", std::nullopt, ""},
           Row{"- Safety: 40", "Safety", std::nullopt, "40"},
           Row{"- Safety: 140%", "Safety", std::nullopt, "140%"},
           Row{"- Safety: 1e400%", "Safety", std::nullopt, "1e400%"},
       }) {
    CAPTURE(r.line);
    const std::vector<Criterion> c = read_criteria(r.line).list;
    REQUIRE(c.size() == 1);
    CHECK(c[0].name == r.name);
    CHECK(c[0].weight == r.weight);
    CHECK(c[0].description == r.description);
  }
}

TEST_CASE("weights on lines of their own, in tables and in a second list find their criterion") {
  for (const char* text : {
           "1. **Accuracy**\n   - Weight: 60%\n   - Description: facts\n2. **Tone**\n   - Weight: 40%",
           "<item>\n  <name>Accuracy</name>\n  <weight>60%</weight>\n  <description>facts</description>\n</item>\n"
           "<item>\n  <name>Tone</name>\n  <weight>0.4</weight>\n</item>",
           "| Criterion | Weight | Description |\n|---|---:|---|\n| Accuracy | 60% | facts |\n| **Tone** | 40% | |",
           "| # | Criterion | Weight (%) | What |\n|--|--|--|--|\n| 1 | Accuracy | 60 | facts |\n| 2 | Tone | 40 | "
           "|\n| | Total | 100 | |",
           "Rubric:\n- Accuracy: facts\n- Tone:\n\nWeights:\n- Accuracy: 60%\n- Tone: 40%\n- Total: 100%",
       }) {
    CAPTURE(text);
    const std::vector<Criterion> c = read_criteria(text).list;
    REQUIRE(c.size() == 2);
    CHECK(c[0].name == "Accuracy");
    CHECK(c[0].weight == 0.6);
    CHECK(c[0].description == "facts");
    CHECK(c[1].name == "Tone");
    CHECK(c[1].weight == 0.4);
  }
}

TEST_CASE("hostile rubrics are read in linear time") {
  for (const char* piece :
       {"(", "**", "- a\n", "- ", "|", "<justify>", "1. x (40%\n", "weight: ", "<item>", "<a b='c"}) {
    std::string text = "<rubric>";
    for (int i = 0; i < 500'000; ++i) {
      text += piece;
      if (std::string_view(piece) == "- a\n") text.insert(text.size() - 1, std::to_string(i));
    }
    CAPTURE(piece);
    read_rubric(text);
  }
}

}  // namespace
}  // namespace rm::rubric
