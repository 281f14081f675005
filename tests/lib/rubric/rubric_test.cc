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
           Row{"- Safety (3/10): no harm", "Safety", std::nullopt, "no harm"},
           Row{"- Safety (weight: 40)", "Safety", std::nullopt, ""},
           Row{"- Safety: 40", "Safety", std::nullopt, ""},
           Row{"- Safety: 140%", "Safety", std::nullopt, ""},
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

std::string summary(const Criteria& read) {
  std::string out;
  for (const Criterion& c : read.list) {
    out += (out.empty() ? "" : "; ") + c.name;
    if (c.weight) out += " " + std::to_string(*c.weight).substr(0, 5);
  }
  for (const Unread& u : read.unread) out += " | " + u.what + " " + u.reason + " " + u.name;
  return out;
}

TEST_CASE("points are shares of a total that is stated or adds up, and of nothing else") {
  struct Row {
    const char *text, *found;
  };
  for (const Row& r : {
           Row{"1. Accuracy (60 points)\n2. Tone (40 points)", "Accuracy 0.600; Tone 0.400"},
           Row{"1. Accuracy: 6 points\n2. Tone: 4 points", "Accuracy 0.600; Tone 0.400"},
           Row{"- Accuracy\n  Weight: 7\n- Tone\n  Weight: 3", "Accuracy 0.700; Tone 0.300"},
           Row{"1. Accuracy (10 points)\n2. Tone (5 points)\nTotal: 20 points", "Accuracy 0.500; Tone 0.250"},
           Row{"Out of 50 points in total.\n1. Accuracy (10 points)\n2. Tone (5 points)", "Accuracy 0.200; Tone 0.100"},
           Row{"| Criterion | Points |\n|---|---|\n| Accuracy | 15 |\n| Tone | 10 |\n| Total | 25 |",
               "Accuracy 0.600; Tone 0.400"},
           Row{"1. Accuracy (3/5)\n2. Tone (2/5)", "Accuracy 0.600; Tone 0.400"},
           Row{"1. Accuracy (Weight: 3/5)\n2. Tone", "Accuracy 0.600; Tone"},
           Row{"1. Accuracy (5 points)\n2. Tone (4 points)",
               "Accuracy; Tone | weight no_total Accuracy | weight no_total Tone"},
           Row{"1. Accuracy (4/5)\n2. Tone (4/5)", "Accuracy; Tone | weight no_total Accuracy | weight no_total Tone"},
           Row{"1. Accuracy (30 points)\n2. Tone (5 points)\nTotal: 20 points",
               "Accuracy; Tone 0.250 | weight out_of_range Accuracy"},
           Row{"1. Accuracy (100)", "Accuracy | weight no_total Accuracy"},
       }) {
    CAPTURE(r.text);
    CHECK(summary(read_criteria(r.text)) == r.found);
  }
  CHECK(summary(read_criteria("1. Accuracy (6 points)\n2. Tone (4 points)\n3. Sty", true)) ==
        "Accuracy; Tone | weight no_total Accuracy | weight no_total Tone");
}

TEST_CASE("what stands in the place of a weight and is none is reported with its reason") {
  struct Row {
    const char *text, *found;
  };
  for (const Row& r : {
           Row{"1. Accuracy (weight: high)", "Accuracy | weight word Accuracy"},
           Row{"1. Accuracy\n   - Weight: Medium", "Accuracy | weight word Accuracy"},
           Row{"1. Accuracy\n   - Weight: 40-50%", "Accuracy | weight malformed Accuracy"},
           Row{"1. Accuracy: 140%", "Accuracy | weight out_of_range Accuracy"},
           Row{"1. Accuracy (40%)\n2. Accuracy (30%)", "Accuracy | weight conflict Accuracy"},
           Row{"1. Accuracy (40%)\n2. Accuracy (40%)", "Accuracy 0.400"},
           Row{"1. Accuracy\n2. Tone\nWeights:\n- Accuracy: 60%\n- Style: 40%",
               "Accuracy 0.600; Tone | weight no_criterion Style"},
           Row{"| Criterion | Weight |\n|---|---|\n| Accuracy | high |", "Accuracy | weight word Accuracy"},
           Row{"1. Accuracy: Weight loss is dangerous", "Accuracy"},
       }) {
    CAPTURE(r.text);
    CHECK(summary(read_criteria(r.text)) == r.found);
  }
}

TEST_CASE("spellings found in traces of small models") {
  struct Row {
    const char *text, *found;
  };
  for (const Row& r : {
           Row{"Criteria:\n1. Facts that are right\n2. Tone\n\nWeighings:\n1. 60%\n2. 40%",
               "Facts that are right 0.600; Tone 0.400"},
           Row{"Criteria:\n- Tone of the whole answer\n- Facts\n\nWeights:\n- Tone: 30%\n- Facts: 70%",
               "Tone of the whole answer 0.300; Facts 0.700"},
           Row{"Criterion 1: Facts\nWeight: 60%\nJustification: they count.\n\nCriterion 2: Tone\nWeight: 40%",
               "Facts 0.600; Tone 0.400"},
           Row{"Criterion | Weight | Why\n--- | --- | ---\nFacts | 60% | they count\nTone | 40% | it pleases",
               "Facts 0.600; Tone 0.400"},
           Row{"Criterion    Weight    Why\n------- ------\nFacts    0.6    they count\nTone    0.4    it pleases",
               "Facts 0.600; Tone 0.400"},
           Row{"Criterion\tWeight\nFacts\t60%\nTone\t40%", "Facts 0.600; Tone 0.400"},
           Row{"1. **Facts**: Are they right? (60%)\n2. **Tone**: Is it kind? (40%)", "Facts 0.600; Tone 0.400"},
           Row{"1. **Facts**: half of them are right (50%).", "Facts"},
           Row{"Criteria: 60% (Facts)\n2. 40% (Tone)", "Facts 0.600; Tone 0.400"},
           Row{"1. Facts\n- They are right.\n- All are there.\n\n2. Tone\n- It is kind.\n\nWeight\n- Facts: 60%\n- "
               "Tone: 40%",
               "Facts 0.600; Tone 0.400"},
           Row{"<weight>0.6</weight> - Facts\n- They are right.\n<weight>0.4</weight> - Tone",
               "Facts 0.600; Tone 0.400"},
           Row{"1. Facts:\n   - <weight>%60</weight>\n2. Tone:\n   - <weight>%40</weight>", "Facts 0.600; Tone 0.400"},
           Row{"Facts (60%) and tone (40%) decide.", "Facts 0.600; tone 0.400"},
           Row{"An answer is judged by its accuracy (50%), its clarity (30%), and the tone of it (20%).",
               "accuracy 0.500; clarity 0.300; tone of it 0.200"},
           Row{"I would give 60% for facts and 40% for tone.", "facts 0.600; tone 0.400"},
           Row{"Facts, Tone, and Style", "Facts; Tone; Style"},
           Row{"The answer should be good. It covers 90% of cases.", ""},
           Row{"1. Facts (60%)\n2. Tone (40%)\n\n**Conclusion**:\nBoth chatbots are right.\n- **A**: 100%",
               "Facts 0.600; Tone 0.400"},
           Row{"1. Facts\n2. Explanation\n3. Why it matters", "Facts; Explanation; Why it matters"},
           Row{"- Facts<br>\n- Tone<br>", "Facts; Tone"},
           Row{"1. Cash vs. credit\n2. The value of f(x) = 5x - 2", "Cash vs. credit; The value of f(x) = 5x - 2"},
           Row{"- Facts = 60%\n- Tone - 40%", "Facts 0.600; Tone 0.400"},
           Row{"- Facts: right\n- Importance: why it matters to people", "Facts; Importance"},
           Row{"1. It is the mean of 90%, 92%, and 88%. So it is.", "It is the mean of 90%, 92%, and 88%"},
           Row{"Indoor Gardens: Plants, Pots, and Water", ""},
           Row{"1. <b>Facts</b> (60%): right\n2. <strong>Tone</strong> (40%)", "Facts 0.600; Tone 0.400"},
           Row{"1. Facts: (60%): right\n2. Tone: kind (40%)", "Facts 0.600; Tone"},
       }) {
    CAPTURE(r.text);
    CHECK(summary(read_criteria(r.text)) == r.found);
  }
}

TEST_CASE("a rubric that breaks off keeps what is whole, and says so") {
  const Rubric r = read_rubric("<type>Chat</type>\n<rubric>\n1. Facts (60%): right\n2. Tone and st");
  REQUIRE(r.criteria.size() == 1);
  CHECK(r.criteria[0].weight == 0.6);
  REQUIRE(r.unread.size() == 1);
  CHECK(r.unread[0].reason == "unclosed");
}

TEST_CASE("what stands in justify tags is no criterion, and nothing is made of nothing") {
  const Rubric r =
      read_rubric("<rubric>\n1. <justify>It is right.</justify>\n2. <justify>It is kind.</justify>\n</rubric>");
  CHECK(r.criteria.empty());
  CHECK(r.justify == "It is right.\nIt is kind.");
  REQUIRE(r.unread.size() == 1);
  CHECK(r.unread[0].reason == "no_criteria");
  CHECK(read_rubric("<type>Poem</type>").unread[0].what == "type");
  CHECK(read_rubric("no tags").unread[0].reason == "absent");
  CHECK(read_rubric("<solution>4</solution>").unread.empty());
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
