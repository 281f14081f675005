#include "lib/records/labelled.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "lib/records/condition.h"
#include "lib/records/turns.h"

using namespace rm;
using namespace rm::records;

namespace {

Result<Labelled> read(std::string_view line, std::string_view map = "") {
  json::Document d;
  const auto v = d.parse(line);
  REQUIRE(v);
  return read_labelled(*v, *parse_field_map(map));
}

std::string flat(const std::vector<Message>& turns) {
  std::string out;
  for (const Message& m : turns) out += m.role[0] + std::string(":") + m.content + "|";
  return out;
}

}  // namespace

TEST_CASE("the better answer is found in every shape") {
  struct Row {
    const char *line, *prompt, *better, *worse;
  };
  for (
      const Row& r : {
          Row{R"({"prompt":"p","chosen":"c","rejected":"r"})", "u:p|", "a:c|", "a:r|"},
          Row{R"({"question":"p","answer_a":"x","answer_b":"y","winner":"B"})", "u:p|", "a:y|", "a:x|"},
          Row{R"({"prompt":"p","responses":["x","y"],"winner":"a"})", "u:p|", "a:x|", "a:y|"},
          Row{R"({"chosen":[{"role":"user","content":"p"},{"role":"assistant","content":"c"}],)"
              R"("rejected":[{"role":"user","content":"p"},{"role":"assistant","content":"r"}],"source":"s"})",
              "u:p|", "a:c|", "a:r|"},
          Row{R"({"id":1,"input":"p","accepted":"c","rejected":"r"})", "u:p|", "a:c|", "a:r|"},
          Row{R"({"prompt":"p","accepted":"c","rejected":"r"})", "u:p|", "a:c|", "a:r|"},
          Row{R"({"prompt":"p","initial_reason_steps":"1. ","chosen":"s","rejected":"t","full_chosen":"c","full_rejected":"r"})",
              "u:p|", "a:1. c|", "a:1. r|"},
          Row{R"({"prompt":"p","initial_reason_steps":null,"full_chosen":"c","full_rejected":"r"})", "u:p|", "a:c|",
              "a:r|"},
      }) {
    CAPTURE(r.line);
    const auto pair = read(r.line);
    REQUIRE(pair);
    CHECK(flat(pair->prompt) == r.prompt);
    CHECK(flat(pair->better) == r.better);
    CHECK(flat(pair->worse) == r.worse);
    for (const std::string_view name : {"prompt", "question", "chosen", "rejected", "answer_a", "winner", "judgment"})
      CHECK(std::find(pair->fields.begin(), pair->fields.end(), name) != pair->fields.end());
  }
}

TEST_CASE("what is no labelled pair says why") {
  struct Row {
    const char *line, *reason;
  };
  for (const Row& r : {
           Row{R"({"text":"x"})", "no_shape"},
           Row{R"({"prompt":"p","answer_a":"x","answer_b":"y"})", "no_label"},
           Row{R"({"prompt":"p","answer_a":"x","answer_b":"y","winner":"tie"})", "tied"},
           Row{R"({"context_messages":[{"role":"user","content":"x"}],"winner":"model_a"})", "rendered_order"},
           Row{R"({"accepted":"c","rejected":"r"})", "missing_field"},
           Row{R"({"input":"p","accepted":3,"rejected":"r"})", "wrong_type"},
           Row{R"({"prompt":"p","full_chosen":["c"],"full_rejected":"r"})", "wrong_type"},
           Row{R"({"prompt":"p","initial_reason_steps":4,"full_chosen":"c","full_rejected":"r"})", "wrong_type"},
           Row{R"({"prompt":"p","full_chosen":"","full_rejected":"r"})", "empty"},
           Row{R"({"prompt":"p","full_chosen":"c"})", "no_shape"},
       }) {
    CAPTURE(r.line);
    const auto pair = read(r.line);
    REQUIRE(!pair);
    CHECK(pair.error().reason == r.reason);
    CHECK(pair.error().exit == Exit::kInput);
    CHECK(lacks_fields(pair.error()) ==
          (std::string_view(r.reason) == "no_shape" || std::string_view(r.reason) == "missing_field"));
  }
}

TEST_CASE("mapped fields come first, and a record without them is read as it is") {
  const char* map = "prompt=.q,chosen=.full_chosen,rejected=.full_rejected";
  CHECK(flat(read(R"({"q":"mapped","prompt":"p","initial_reason_steps":"1. ","full_chosen":"c","full_rejected":"r"})",
                  map)
                 ->better) == "a:c|");
  CHECK(flat(read(R"({"input":"p","accepted":"c","rejected":"r"})", map)->better) == "a:c|");
  const auto neither = read(R"({"text":"x"})", map);
  REQUIRE(!neither);
  CHECK(lacks_fields(neither.error()));
}

TEST_CASE("the prompt of a benchmark's item is found where its set has it") {
  json::Document d;
  for (const char* line : {R"({"prompt":"p","chosen":["a","b"],"rejected":["c"]})", R"({"question":"p"})",
                           R"({"conversation_input":[{"role":"user","content":"p"}],"bon_best":{}})",
                           R"({"chosen":[{"role":"user","content":"p"},{"role":"assistant","content":"c"}],)"
                           R"("rejected":[{"role":"user","content":"p"},{"role":"assistant","content":"r"}]})"}) {
    CAPTURE(line);
    const auto prompt = read_item_prompt(*d.parse(line));
    REQUIRE(prompt);
    CHECK(flat(*prompt) == "u:p|");
  }
  CHECK(!read_item_prompt(*d.parse(R"({"text":"p"})")));
}

TEST_CASE("conditions compare strings as they are and other scalars as JSON writes them") {
  json::Document d;
  const auto record = *d.parse(R"({"s":"a=b","n":3,"x":1.5,"t":true,"z":null,"l":["u"],"o":{"k":"v"},"e":""})");
  struct Row {
    const char* text;
    bool holds;
  };
  for (const Row& r :
       {Row{"s=a=b", true}, Row{"s=A=b", false}, Row{"n=3", true}, Row{"n=3.0", false}, Row{"x=1.5", true},
        Row{"t=true", true}, Row{"z=null", false}, Row{"z!=null", true}, Row{"l.0=u", true}, Row{".o.k=v", true},
        Row{"o.k!=v", false}, Row{"o=v", false}, Row{"none=x", false}, Row{"none!=x", true}, Row{"e=", true}}) {
    CAPTURE(r.text);
    const auto c = Condition::parse(r.text);
    REQUIRE(c);
    CHECK(c->holds(record) == r.holds);
    CHECK(c->text() == r.text);
  }
  for (const char* text : {"", "s", "=x", "!=x", "a..b=c", ".=x"}) {
    CAPTURE(text);
    const auto c = Condition::parse(text);
    REQUIRE(!c);
    CHECK(c.error().exit == Exit::kUsage);
  }
}

TEST_CASE("turns are a string only where they are one turn of the expected role") {
  auto text = [](std::vector<Message> turns) {
    std::string out;
    append_turns(out, turns, "user");
    return out;
  };
  CHECK(text({{"user", "a\"b"}}) == R"("a\"b")");
  CHECK(text({{"assistant", "a"}}) == R"([{"role":"assistant","content":"a"}])");
  CHECK(text({{"system", "s"}, {"user", "u"}}) == R"([{"role":"system","content":"s"},{"role":"user","content":"u"}])");
}
