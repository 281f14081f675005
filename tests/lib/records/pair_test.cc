#include "lib/records/pair.h"

#include <doctest/doctest.h>

namespace {

using rm::json::Document;
using rm::records::Label;
using rm::records::Message;
using rm::records::Naming;
using rm::records::Pair;

rm::Result<Pair> read(std::string_view text, std::string_view map = "") {
  Document doc;
  const auto v = doc.parse(text);
  REQUIRE(v.ok());
  const auto m = rm::records::parse_field_map(map);
  REQUIRE(m.ok());
  return rm::records::read_pair(*v, *m);
}

// "user: q | assistant: a" for a table.
std::string show(const std::vector<Message>& turns) {
  std::string out;
  for (const Message& m : turns) out += (out.empty() ? "" : " | ") + m.role + ": " + m.content;
  return out;
}

}  // namespace

TEST_CASE("every shape of a pair is found") {
  struct Row {
    const char* json;
    const char* prompt;
    const char* first;
    const char* second;
    Naming naming;
    std::optional<Label> label;
  };
  const auto kCR = Naming::kChosenRejected, kAB = Naming::kAnswers;
  for (
      const Row& r :
      {Row{R"({"prompt":"q","chosen":"good","rejected":"bad"})", "user: q", "assistant: good", "assistant: bad", kCR,
           Label::kFirst},
       Row{R"({"prompt":[{"role":"system","content":"s"},{"role":"user","content":"q"}],"chosen":"x","rejected":"y"})",
           "system: s | user: q", "assistant: x", "assistant: y", kCR, Label::kFirst},
       Row{R"({"prompt":"q","chosen":[{"role":"assistant","content":"x"}],"rejected":[{"role":"assistant","content":"y"}]})",
           "user: q", "assistant: x", "assistant: y", kCR, Label::kFirst},
       // Whole conversations, with and without the prompt beside them.
       Row{R"({"chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"x"}],"rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"y"}]})",
           "user: q", "assistant: x", "assistant: y", kCR, Label::kFirst},
       Row{R"({"prompt":"q","chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"x"}],"rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"y"}]})",
           "user: q", "assistant: x", "assistant: y", kCR, Label::kFirst},
       // The conversations part at a user's turn: the shared part is cut back to the turn before it.
       Row{R"({"chosen":[{"from":"human","value":"q"},{"from":"gpt","value":"a"},{"from":"human","value":"r"},{"from":"gpt","value":"x"}],"rejected":[{"from":"human","value":"q"},{"from":"gpt","value":"a"},{"from":"human","value":"s"},{"from":"gpt","value":"y"}]})",
           "user: q", "assistant: a | user: r | assistant: x", "assistant: a | user: s | assistant: y", kCR,
           Label::kFirst},
       Row{R"({"question":"q","answer_a":"x","answer_b":"y"})", "user: q", "assistant: x", "assistant: y", kAB,
           std::nullopt},
       Row{R"({"question":"q","answer_a":"x","answer_b":"y","winner":null})", "user: q", "assistant: x", "assistant: y",
           kAB, std::nullopt},
       Row{R"({"instruction":"q","response_a":"x","response_b":"y","winner":"b"})", "user: q", "assistant: x",
           "assistant: y", kAB, Label::kSecond},
       Row{R"({"prompt":"q","response_a":"x","response_b":"y","winner":"A"})", "user: q", "assistant: x",
           "assistant: y", kAB, Label::kFirst},
       Row{R"({"prompt":"q","answer_a":"x","answer_b":"y","winner":"tie"})", "user: q", "assistant: x", "assistant: y",
           kAB, Label::kTie},
       Row{R"({"prompt":"q","responses":["x","y"],"winner":"model_b"})", "user: q", "assistant: x", "assistant: y", kAB,
           Label::kSecond}}) {
    CAPTURE(r.json);
    const auto p = read(r.json);
    REQUIRE_MESSAGE(p.ok(), p.error().text());
    CHECK(show(p->prompt) == r.prompt);
    CHECK(show(p->answer[0]) == r.first);
    CHECK(show(p->answer[1]) == r.second);
    CHECK(p->naming == r.naming);
    CHECK(p->label == r.label);
    CHECK_FALSE(p->rendered);
    CHECK_FALSE(p->same_answers);
  }
}

TEST_CASE("a rendered prompt keeps its order and has no answers") {
  const auto p = read(
      R"({"context_messages":[{"role":"system","content":"judge"},{"role":"user","content":"A or B?"}],"winner":"model_a"})");
  REQUIRE(p.ok());
  CHECK(p->rendered);
  CHECK(show(p->prompt) == "system: judge | user: A or B?");
  CHECK(p->label == Label::kFirst);
  CHECK(p->answer[0].empty());
  CHECK_FALSE(p->same_answers);
}

TEST_CASE("equal answers are read and flagged, a NUL stays") {
  const auto p = read(R"({"prompt":"q\u0000r","chosen":"x","rejected":"x"})");
  REQUIRE(p.ok());
  CHECK(p->same_answers);
  CHECK(p->prompt[0].content == std::string("q\0r", 3));
}

TEST_CASE("multi-turn means more than one user turn before, or more than one turn in, the answer") {
  CHECK_FALSE(read(R"({"prompt":"q","chosen":"x","rejected":"y"})")->multi_turn());
  CHECK_FALSE(
      read(R"({"prompt":[{"role":"system","content":"s"},{"role":"user","content":"q"}],"chosen":"x","rejected":"y"})")
          ->multi_turn());
  CHECK(
      read(
          R"({"prompt":[{"role":"user","content":"q"},{"role":"assistant","content":"a"},{"role":"user","content":"r"}],"chosen":"x","rejected":"y"})")
          ->multi_turn());
}

TEST_CASE("a record that is no pair names the field, what it is and what was expected") {
  struct Row {
    const char* json;
    const char* reason;
    const char* part;  // of the message
  };
  for (
      const Row& r :
      {Row{R"({})", "no_shape", "fields seen: none"},
       Row{R"({"id":1,"text":"x"})", "no_shape", "fields seen: id, text"},
       Row{R"({"prompt":"q","chosen":5,"rejected":6})", "wrong_type",
           "\"chosen\" is a number; expected a string or a list of messages"},
       Row{R"({"prompt":"q","chosen":"x"})", "missing_field", "chosen but no rejected"},
       Row{R"({"prompt":"q","chosen":"x","rejected":null})", "missing_field", "no rejected"},
       Row{R"({"chosen":"x","rejected":"y"})", "missing_field", "no prompt"},
       Row{R"({"question":"q","answer_a":"x"})", "missing_field", "no answer_b"},
       Row{R"({"answer_a":"x","answer_b":"y"})", "missing_field", "no question"},
       Row{R"({"prompt":["q"],"chosen":"x","rejected":"y"})", "wrong_type", "\"prompt\"[0] is a string"},
       Row{R"({"prompt":"","chosen":"x","rejected":"y"})", "empty", "\"prompt\" is empty"},
       Row{R"({"prompt":"q","chosen":"","rejected":"y"})", "empty", "\"chosen\" is empty"},
       Row{R"({"prompt":[],"chosen":"x","rejected":"y"})", "empty", "\"prompt\" has no messages"},
       Row{R"({"prompt":"q","chosen":"x","rejected":[{"role":"assistant","content":"y"}]})", "wrong_type",
           "two strings or two lists"},
       Row{R"({"prompt":"q","answer_a":"x","answer_b":"y","winner":"c"})", "bad_label", "\"winner\" is \"c\""},
       Row{R"({"prompt":"q","answer_a":"x","answer_b":"y","winner":1})", "wrong_type", "\"winner\" is a number"},
       Row{R"({"prompt":[{"role":"robot","content":"q"}],"chosen":"x","rejected":"y"})", "bad_role",
           "unknown role \"robot\""},
       Row{R"({"prompt":[{"role":"user"}],"chosen":"x","rejected":"y"})", "missing_field", "no \"content\""},
       Row{R"({"prompt":[{"role":"user","content":["q"]}],"chosen":"x","rejected":"y"})", "wrong_type",
           "the content is a list"},
       Row{R"({"prompt":[{"role":"assistant","content":"q"}],"chosen":"x","rejected":"y"})", "bad_role",
           "ends in a turn of the assistant"},
       Row{R"({"chosen":[{"role":"user","content":"q"}],"rejected":[{"role":"user","content":"r"}]})", "missing_field",
           "share no prompt"},
       Row{R"({"chosen":[{"role":"user","content":"q"}],"rejected":[{"role":"user","content":"q"}]})", "empty",
           "no answer after the prompt"},
       Row{R"({"prompt":"other","chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"x"}],"rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"y"}]})",
           "bad_prompt", "is not how the conversations"},
       Row{R"({"prompt":"q","responses":["x"]})", "empty", "fewer than two"},
       Row{R"({"prompt":"q","responses":["x","y","z"]})", "no_shape", "holds 3 answers"},
       Row{R"({"prompt":"q","responses":"x"})", "wrong_type", "\"responses\" is a string"},
       Row{R"({"context_messages":"q","winner":"model_a"})", "wrong_type", "a list of messages"},
       Row{"{\"a\\u001b[31m\\n\":1}", "no_shape", "a\\x1b[31m\\n"}}) {
    CAPTURE(r.json);
    const auto p = read(r.json);
    REQUIRE_FALSE(p.ok());
    CHECK(p.error().reason == r.reason);
    CHECK(p.error().exit == rm::Exit::kInput);
    CHECK_MESSAGE(p.error().message.find(r.part) != std::string::npos, p.error().message);
  }
}

TEST_CASE("a hundred thousand turns are too many, one fewer are not") {
  for (const int turns : {99'999, 100'000}) {
    std::string json = R"({"chosen":"x","rejected":"y","prompt":[)";
    for (int i = 0; i < turns; ++i) json += std::string(i > 0 ? "," : "") + R"({"role":"user","content":"q"})";
    const auto p = read(json + "]}");
    CHECK(p.ok() == (turns < 100'000));
    if (!p) CHECK(p.error().reason == "too_many_turns");
  }
}

TEST_CASE("a field map leads to fields anywhere in the record") {
  const char* json = R"({"data":{"q":"what?","out":["x","y"]},"label":"b"})";
  const auto p = read(json, "question=.data.q,answer_a=.data.out.0,answer_b=data.out.1,winner=.label");
  REQUIRE_MESSAGE(p.ok(), p.error().text());
  CHECK(show(p->prompt) == "user: what?");
  CHECK(show(p->answer[1]) == "assistant: y");
  CHECK(p->label == Label::kSecond);
  const auto bad = read(json, "question=.data,answer_a=.data.out.0,answer_b=data.out.1");
  CHECK(bad.error().message.find("\".data\" is an object") == 0);
}

TEST_CASE("a field map that makes no sense is a usage error") {
  for (const char* map : {"prompt", "prompt=", "prompt=.a..b", "nonsense=.a", "prompt=.a,prompt=.b"}) {
    CAPTURE(map);
    const auto m = rm::records::parse_field_map(map);
    REQUIRE_FALSE(m.ok());
    CHECK(m.error().exit == rm::Exit::kUsage);
    CHECK(m.error().where == "--map");
  }
}
