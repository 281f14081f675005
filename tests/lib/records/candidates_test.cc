#include "lib/records/candidates.h"

#include <doctest/doctest.h>

namespace rm::records {
namespace {

// The answers' last turns, joined; or the reason of the error.
std::string read(const char* text, Result<Candidates> (*reader)(const json::Value&, const FieldMap&)) {
  json::Document doc;
  const auto record = doc.parse(text);
  REQUIRE(record.ok());
  const auto c = reader(*record, {});
  if (!c) return c.error().reason;
  std::string out;
  for (const auto& r : c->responses) out += (out.empty() ? "" : ",") + r.back().content;
  return c->right > 0 ? out + " right " + std::to_string(c->right) : out;
}

TEST_CASE("answers to be ranked come as responses or as lists of texts") {
  struct Row {
    const char *text, *answers;
    bool ranking;
  };
  for (const Row& r : {
           Row{R"({"prompt":"q","responses":["x","y",[{"role":"assistant","content":"z"}]]})", "x,y,z", true},
           Row{R"({"prompt":"q","responses":["x","y"]})", "x,y", false},
           Row{R"({"prompt":"q","chosen":["x"],"rejected":["y","z"]})", "x,y,z right 1", true},
           Row{R"({"prompt":"q","chosen":["x","y"],"rejected":["z"]})", "x,y,z right 2", true},
           Row{R"({"prompt":"q","responses":["x"]})", "empty", false},
           Row{R"({"prompt":"q","responses":[]})", "empty", false},
           Row{R"({"prompt":"q","responses":"x"})", "wrong_type", false},
           Row{R"({"prompt":"q","responses":["x",7,"z"]})", "wrong_type", true},
           Row{R"({"prompt":"q","responses":["x","","z"]})", "empty", true},
           Row{R"({"responses":["x","y","z"]})", "missing_field", true},
           Row{R"({"prompt":"q","chosen":["x"],"rejected":[""]})", "empty", true},
           Row{R"({"prompt":"q"})", "missing_field", false},
       }) {
    CAPTURE(r.text);
    CHECK(read(r.text, read_candidates) == r.answers);
    json::Document doc;
    CHECK(is_ranking(*doc.parse(r.text), {}) == r.ranking);
  }
}

TEST_CASE("a conversation is no list of answers") {
  json::Document doc;
  CHECK_FALSE(is_ranking(*doc.parse(R"({"chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"x"}],
    "rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"y"}]})"),
                         {}));
  CHECK_FALSE(is_ranking(*doc.parse(R"({"prompt":"q","chosen":"x","rejected":"y","responses":["a","b","c"]})"), {}));
}

TEST_CASE("answers to be rated come in every shape") {
  struct Row {
    const char *text, *answers;
  };
  for (const Row& r : {
           Row{R"({"prompt":"q","response":"x"})", "x"},
           Row{R"({"question":"q","answer":"x"})", "x"},
           Row{R"({"instruction":"q","completion":"x"})", "x"},
           Row{R"({"prompt":"q","response":[{"role":"assistant","content":"x"}]})", "x"},
           Row{R"({"prompt":"q","responses":["x"]})", "x"},
           Row{R"({"prompt":"q","chosen":"x","rejected":"y"})", "x,y"},
           Row{R"({"question":"q","answer_a":"x","answer_b":"y"})", "x,y"},
           Row{R"({"prompt":"q","chosen":["x"],"rejected":["y"]})", "x,y right 1"},
           Row{R"({"response":"x"})", "missing_field"},
           Row{R"({"prompt":"q","response":7})", "wrong_type"},
           Row{R"({"prompt":"q","response":""})", "empty"},
           Row{R"({"context_messages":[{"role":"user","content":"judge"}],"winner":"model_a"})", "rendered_order"},
           Row{R"({"prompt":"q"})", "no_shape"},
       }) {
    CAPTURE(r.text);
    CHECK(read(r.text, read_answers) == r.answers);
  }
}

TEST_CASE("a single answer may lie elsewhere, as --map says") {
  json::Document doc;
  const auto map = parse_field_map("prompt=.q,response=.out.text");
  REQUIRE(map.ok());
  const auto c = read_answers(*doc.parse(R"({"q":"why","out":{"text":"x"}})"), *map);
  REQUIRE(c.ok());
  CHECK(c->responses[0].back().content == "x");
}

TEST_CASE("two candidates make a pair without a label") {
  json::Document doc;
  const auto c = read_candidates(*doc.parse(R"({"prompt":"q","responses":["x","y","x"]})"), {});
  REQUIRE(c.ok());
  const Pair p = c->pair(1, 0);
  CHECK(p.answer[0].back().content == "y");
  CHECK_FALSE(p.label);
  CHECK_FALSE(p.same_answers);
  CHECK(c->pair(0, 2).same_answers);
}

}  // namespace
}  // namespace rm::records
