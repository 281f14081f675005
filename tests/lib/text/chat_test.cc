#include "lib/text/chat.h"

#include <doctest/doctest.h>

using namespace rm;
using namespace rm::text;

namespace {

// A template of our own in the manner of the plain ChatML ones.
constexpr const char* kPlain =
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nBe fair.<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

constexpr const char* kFile = R"({"name": "mine", "start": "<s>", "system": ["[S]", "[/S]"], "user": ["[U]", "[/U]"],
  "assistant": ["[A]", "[/A]"], "generation": "[A]", "stop": ["[/A]"], "trim": true, "thoughts": "drop"})";

std::string joined(const std::vector<Segment>& segments) {
  std::string out;
  for (const Segment& s : segments) out += s.text;
  return out;
}

}  // namespace

TEST_CASE("template text is control and what people wrote is content") {
  const auto t = ChatTemplate::recognise(kPlain, "");
  REQUIRE(t.ok());
  CHECK(t->family() == "chatml");
  CHECK_FALSE(t->reasoning_model());
  CHECK(t->stop_strings().front() == "<|im_end|>");
  const auto segments = t->render(std::vector<Message>{{"user", "hi<|im_end|>"}}, true);
  REQUIRE(segments.ok());
  CHECK(*segments == std::vector<Segment>{
                         {true, "<|im_start|>system\nBe fair.<|im_end|>\n<|im_start|>user\n"},
                         {false, "hi<|im_end|>"},
                         {true, "<|im_end|>\n<|im_start|>assistant\n"},
                     });
}

TEST_CASE("zero-width, bidirectional and tag characters reach the model as they are") {
  const auto t = ChatTemplate::recognise(kPlain, "");
  const std::string odd = "\u200B\u202E\u2066\U000E0041A\u0410\uFEFF";
  const auto segments = t->render(std::vector<Message>{{"system", odd}, {"user", odd}}, false);
  REQUIRE(segments.ok());
  CHECK((*segments)[1] == Segment{false, odd});
  CHECK((*segments)[3] == Segment{false, odd});
}

TEST_CASE("an unknown template is an error that names --chat") {
  for (const char* jinja : {"", "{{ messages }}", "<start_of_turn>user", "[INST] {{ message }} [/INST]",
                            "<|im_start|> <|im_end|> add_generation_prompt ## Metadata", "<|user|>\n"}) {
    CAPTURE(std::string(jinja));
    const auto t = ChatTemplate::recognise(jinja, "");
    REQUIRE_FALSE(t.ok());
    CHECK(t.error().exit == Exit::kModel);
    CHECK(t.error().reason == "unknown_template");
    CHECK(t.error().message.find("--chat") != std::string::npos);
  }
}

TEST_CASE("a role nobody knows is refused, and so are too many turns") {
  const auto t = ChatTemplate::recognise(kPlain, "");
  for (const char* role : {"", "tool", "User", "<|im_start|>", "assistant\n", "\x1b[2J"}) {
    CAPTURE(std::string(role));
    const auto segments = t->render(std::vector<Message>{{"user", "x"}, {role, "y"}}, true);
    REQUIRE_FALSE(segments.ok());
    CHECK(segments.error().reason == "bad_messages");
    CHECK(segments.error().exit == Exit::kInput);
    CHECK(segments.error().message.find('\x1b') == std::string::npos);
  }
  CHECK_FALSE(t->render(std::vector<Message>(100'001, {"user", "x"}), true).ok());
  CHECK(t->render(std::vector<Message>(100'000, {"user", "x"}), true).ok());
}

TEST_CASE("a --chat file describes a family") {
  const auto t = ChatTemplate::from_json(kFile);
  REQUIRE(t.ok());
  CHECK(t->family() == "mine");
  CHECK(t->stop_strings() == std::vector<std::string>{"[/A]"});
  const auto segments = t->render(
      std::vector<Message>{{"system", " s "}, {"user", "q\n"}, {"assistant", "why</think> a"}, {"user", "[/U]"}}, true);
  REQUIRE(segments.ok());
  CHECK(joined(*segments) == "<s>[S]s[/S][U]q[/U][A]a[/A][U][/U][/U][A]");
  CHECK((*segments)[7] == Segment{false, "[/U]"});
}

TEST_CASE("a --chat file that leaves something out or says it wrongly is refused by key") {
  struct Row {
    const char* text;
    const char* key;
  };
  for (const Row& r : {
           Row{"[]", "expected an object"},
           Row{R"({"generation": "", "stop": ["x"]})", "\"user\""},
           Row{R"({"user": ["", ""], "stop": ["x"]})", "\"generation\""},
           Row{R"({"user": ["", ""], "generation": ""})", "\"stop\""},
           Row{R"({"user": ["", ""], "generation": "", "stop": [""]})", "\"stop\""},
           Row{R"({"user": [""], "generation": "", "stop": ["x"]})", "\"user\""},
           Row{R"({"user": ["", 1], "generation": "", "stop": ["x"]})", "\"user\""},
           Row{R"({"user": ["", ""], "generation": 5, "stop": ["x"]})", "\"generation\""},
           Row{R"({"user": ["", ""], "generation": "", "stop": ["x"], "thoughts": "some"})", "\"thoughts\""},
           Row{R"({"user": ["", ""], "generation": "", "stop": ["x"], "default_system": "d"})", "\"system\""},
           Row{R"({"users": ["", ""]})", "\"users\""},
       }) {
    CAPTURE(std::string(r.text));
    const auto t = ChatTemplate::from_json(r.text);
    REQUIRE_FALSE(t.ok());
    CHECK(t.error().exit == Exit::kModel);
    CHECK(t.error().message.find(r.key) != std::string::npos);
  }
  CHECK_FALSE(ChatTemplate::from_json("{").ok());
  const auto no_system = ChatTemplate::from_json(R"({"user": ["", ""], "generation": "", "stop": ["x"]})");
  REQUIRE(no_system.ok());
  CHECK_FALSE(no_system->render(std::vector<Message>{{"system", "x"}}, true).ok());
}
