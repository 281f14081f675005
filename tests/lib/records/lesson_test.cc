#include "lib/records/lesson.h"

#include <doctest/doctest.h>

using namespace rm;
using namespace rm::records;

namespace {

Result<Lesson> read(const std::string& line, const std::string& map = "") {
  static json::Document document;
  const auto value = document.parse(line);
  REQUIRE(value.ok());
  return read_lesson(*value, *parse_field_map(map));
}

std::string prompt_of(const Lesson& l) {
  std::string out;
  for (const Message& m : l.messages) out += m.role + ":" + m.content + ";";
  return out;
}

std::string chain(const std::string& status, const std::string& rest = R"(,"response":"why [[A]]")") {
  return R"({"question":"q","answer_a":"x","answer_b":"y","winner":"B","messages":[{"role":"system","content":"s"},)"
         R"({"role":"user","content":"u"}],"chain":{"status":")" +
         status + R"(","pass":1,"verdict":"B"})" + rest + "}";
}

}  // namespace

TEST_CASE("the shapes that a lesson is read from") {
  const std::string turns = R"("messages":[{"role":"user","content":"u"}])", winner(40, 'w');
  struct Row {
    std::string line, prompt, response;
    std::optional<char> verdict;
  };
  for (const Row& r : {
           Row{chain("kept"), "system:s;user:u;", "why [[A]]", 'B'},
           Row{"{" + turns + R"(,"response":"r"})", "user:u;", "r", {}},
           Row{"{" + turns + R"(,"response":[{"role":"assistant","content":"r"}]})", "user:u;", "r", {}},
           Row{"{" + turns + R"(,"response":"r","winner":"A"})", "user:u;", "r", {}},  // of an order nobody knows
           Row{R"({"messages":[{"from":"human","value":"u"},{"from":"gpt","value":"r"}]})", "user:u;", "r", {}},
           Row{R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},)"
               R"({"role":"user","content":"c"},{"role":"assistant","content":"d"}]})",
               "user:a;assistant:b;user:c;",
               "d",
               {}},
           Row{R"({"context_messages":[{"role":"user","content":"u"}],"sft_response":"r"})", "user:u;", "r", {}},
           Row{R"({"context_messages":"u","sft_response":"r","winner":"model_b"})", "user:u;", "r", 'B'},
           Row{R"({"context_messages":"u","sft_response":"r","winner":"model_a"})", "user:u;", "r", 'A'},
           Row{R"({"context_messages":"u","sft_response":"r","winner":"tie"})", "user:u;", "r", {}},
           Row{R"({"context_messages":[{"role":"user","content":"u"}],"winner":")" + winner + "\"}",
               "user:u;",
               winner,
               {}},
           Row{R"({"context_messages":"u","winner":[{"role":"assistant","content":"A"}]})", "user:u;", "A", {}},
       }) {
    CAPTURE(r.line);
    const auto l = read(r.line);
    REQUIRE(l.ok());
    CHECK(prompt_of(*l) == r.prompt);
    CHECK(l->response == r.response);
    CHECK(l->verdict == r.verdict);
  }
}

TEST_CASE("fields may stand elsewhere") {
  const auto l =
      read(R"({"p":{"text":"u"},"sft_response":"r","gold":"model_b"})", "context_messages=.p.text,winner=.gold");
  REQUIRE(l.ok());
  CHECK(prompt_of(*l) == "user:u;");
  CHECK(l->verdict == 'B');
}

TEST_CASE("what is no lesson is refused with a reason") {
  struct Row {
    std::string line, reason, says;
  };
  for (const Row& r : {
           Row{chain("wrong", ""), "not_kept", "wrong"},
           Row{chain("leak", ""), "not_kept", "leak"},
           Row{chain("failed", R"(,"error":{"code":"timeout","message":"m"})"), "not_kept", "failed"},
           Row{chain("kept", ""), "bad_chain", "no \"response\""},
           Row{chain("great"), "bad_chain", "status"},
           Row{R"({"chain":{"status":"kept"}})", "missing_field", "messages"},
           Row{R"({"error":{"code":"bad_json","message":"m","line":3}})", "not_kept", "bad_json"},
           Row{R"({"prompt":"p","chosen":"c","rejected":"r"})", "no_response", "prompt, chosen, rejected"},
           Row{"{}", "no_response", "none"},
           Row{R"({"messages":[]})", "empty", "no messages"},
           Row{R"({"messages":"u","response":"r"})", "wrong_type", "a string"},
           Row{R"({"messages":[{"role":"user","content":"u"}]})", "no_response", "user"},
           Row{R"({"messages":[{"role":"assistant","content":"r"}]})", "empty", "no prompt"},
           Row{R"({"messages":[{"role":"assistant","content":"r"},{"role":"assistant","content":"r"}]})", "bad_role",
               "user"},
           Row{R"({"messages":[{"role":"tool","content":"u"},{"role":"assistant","content":"r"}]})", "bad_role",
               "tool"},
           Row{R"({"messages":[{"role":"user","content":"u"}],"response":7})", "wrong_type", "a number"},
           Row{R"({"messages":[{"role":"user","content":"u"}],"response":" \n"})", "empty", "response"},
           Row{R"({"messages":[{"role":"user","content":""}],"response":"r"})", "empty", "turn"},
           Row{R"({"messages":[{"role":"user","content":"u"}],"response":[{"role":"assistant","content":"r"},)"
               R"({"role":"assistant","content":"s"}]})",
               "bad_role", "2 turns"},
           Row{R"({"context_messages":"u"})", "no_response", "sft_response"},
           Row{R"({"context_messages":"u","winner":"model_a"})", "no_response", "sft_response"},
           Row{R"({"context_messages":"u","winner":3})", "wrong_type", "a number"},
           Row{R"({"context_messages":"","sft_response":"r"})", "empty", "context_messages"},
       }) {
    CAPTURE(r.line);
    const auto l = read(r.line);
    REQUIRE(!l.ok());
    CHECK(l.error().exit == Exit::kInput);
    CHECK(l.error().reason == r.reason);
    CAPTURE(l.error().message);
    CHECK(l.error().message.find(r.says) != std::string::npos);
  }
}
