#include "lib/records/rubric.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

#include "lib/records/traces.h"

namespace rm::records {
namespace {

std::string written(const Rubric& r) {
  std::string out;
  json::Writer w(out);
  write_rubric(w, r);
  return out;
}

TEST_CASE("a rubric is written as the manual says and read back as it was") {
  Rubric r;
  r.type = "chat";
  r.criteria = {{"Accuracy", 0.6, "facts"}, {"Tone", std::nullopt, ""}};
  r.justify = "why";
  r.unread = {{"weight", "word", "Tone", "high"}};
  const std::string text = written(r);
  CHECK(text == R"({"type":"chat","criteria":[{"name":"Accuracy","weight":0.6,"description":"facts"},)"
                R"({"name":"Tone","weight":null,"description":""}],"justify":"why","solution":"",)"
                R"("unread":[{"what":"weight","reason":"word","name":"Tone","text":"high"}]})");
  json::Document d;
  const auto back = read_rubric(*d.parse(text));
  REQUIRE(back);
  CHECK(written(*back) == text);
  CHECK(written({}) == R"({"type":null,"criteria":[],"justify":"","solution":""})");
}

TEST_CASE("a field that is no rubric is refused with its place") {
  struct Row {
    const char *json, *says;
  };
  for (const Row& row : {
           Row{"3", "\"rubric\" is a number; expected an object"},
           Row{R"({"type":"poem"})", "\"rubric.type\" is neither"},
           Row{R"({"type":1})", "\"rubric.type\" is a number"},
           Row{R"({"criteria":{}})", "\"rubric.criteria\" is an object; expected a list"},
           Row{R"({"criteria":[{"name":"a"},"b"]})", "\"rubric.criteria[1]\" is a string"},
           Row{R"({"criteria":[{"weight":0.5}]})", "\"rubric.criteria[0].name\" is missing"},
           Row{R"({"criteria":[{"name":"a","weight":"40%"}]})", "\"rubric.criteria[0].weight\" is a string"},
           Row{R"({"criteria":[{"name":"a","weight":40}]})", "write 40 % as 0.4"},
           Row{R"({"criteria":[{"name":"a","weight":-0.1}]})", "outside 0 to 1"},
           Row{R"({"solution":[]})", "\"rubric.solution\" is"},
           Row{R"({"unread":[1]})", "rubric.unread"},
       }) {
    CAPTURE(row.json);
    json::Document d;
    const auto r = read_rubric(*d.parse(row.json));
    REQUIRE(!r);
    CHECK(r.error().reason == "bad_rubric");
    CHECK(r.error().message.find(row.says) != std::string::npos);
  }
}

TEST_CASE("traces are found where judges and teachers put them") {
  struct Row {
    const char* record;
    std::vector<std::string> traces;
  };
  for (const Row& row : {
           Row{R"({"prompt":"p","judgment":{"samples":[{"text":"one"},{"text":"two"}]},"response":"no"})",
               {"one", "two"}},
           Row{R"({"messages":[{"role":"user","content":"u"}],"response":"r","chain":{"status":"kept"}})", {"r"}},
           Row{R"({"context_messages":[],"sft_response":"s"})", {"s"}},
           Row{R"({"messages":[{"role":"user","content":"u"},{"role":"assistant","content":"a"}]})", {"a"}},
           Row{R"({"messages":[{"role":"user","content":"u"}],"chain":{"status":"wrong"}})", {}},
           Row{R"({"context_messages":[],"winner":"<type>Chat</type> ..."})", {"<type>Chat</type> ..."}},
       }) {
    CAPTURE(row.record);
    json::Document d;
    const auto traces = read_traces(*d.parse(row.record), {});
    REQUIRE(traces);
    CHECK(*traces == row.traces);
  }
  for (const char* record : {R"({"prompt":"p","winner":"a"})", R"({"response":3})", R"({"judgment":{"samples":3}})",
                             R"({"messages":"m"})", "{}"}) {
    CAPTURE(record);
    json::Document d;
    CHECK(!read_traces(*d.parse(record), {}));
  }
}

}  // namespace
}  // namespace rm::records
