// Pairs of every shape as prompts with a label: by a vocabulary and a wording small enough to read.
#include "lib/rl/prompts.h"

#include <algorithm>

#include "tests/lib/rl/fakes.h"

using namespace rm;
using namespace rm::rl;
using judge::Side;

namespace {

PromptMaker maker(const char* wording = R"({"user":"{question}/{answer_a}/{answer_b}",)"
                                        R"("user_multi_turn":"{conversation_1}#{conversation_2}"})") {
  PromptMaker m{tiny_tokenizer(),
                *text::ChatTemplate::from_json(
                    R"({"user":["<|im_start|>u:","<|im|>"],"assistant":["<|im_start|>a:","<|im|>"],"stop":["<|im|>"],)"
                    R"("generation":"<|im_start|>a:"})"),
                *judge::PromptSet::parse(wording, "wording.json"),
                {},
                {}};
  m.vocab = static_cast<std::int64_t>(tiny_tokenizer().size());
  return m;
}

Result<std::vector<Prompt>> read(const PromptMaker& m, const char* record, bool both = false) {
  json::Document doc;
  const auto value = doc.parse(record);
  REQUIRE(value.ok());
  return m.read(*value, both);
}

// "u:" and "a:" of the template left out.
std::string shown(const Prompt& p) {
  std::string text = *tiny_tokenizer().decode(p.ids, true);
  REQUIRE(text.starts_with("<|im_start|>u:"));
  REQUIRE(text.ends_with("<|im|><|im_start|>a:"));
  return text.substr(14, text.size() - 14 - 20);
}

}  // namespace

TEST_CASE("a pair of answers is shown as it is given, and its label is the winner's letter") {
  struct Row {
    const char* record;
    const char* text;
    Side label;
  };
  for (const Row& r : {
           Row{R"({"question":"q","answer_a":"x","answer_b":"y","winner":"a"})", "q/x/y", Side::kA},
           Row{R"({"question":"q","answer_a":"x","answer_b":"y","winner":"b"})", "q/x/y", Side::kB},
           Row{R"({"prompt":"q","response_a":"x","response_b":"y","winner":"B"})", "q/x/y", Side::kB},
           Row{R"({"instruction":"q","response_a":"x","response_b":"y","winner":"A"})", "q/x/y", Side::kA},
       }) {
    CAPTURE(r.record);
    const auto found = read(maker(), r.record);
    REQUIRE_MESSAGE(found.ok(), found.error().text());
    REQUIRE(found->size() == 1);
    CHECK(shown(found->front()) == r.text);
    CHECK(found->front().label == r.label);
    CHECK(!found->front().swapped);
  }
}

TEST_CASE("chosen and rejected take the order that judging gives them, and the label goes with it") {
  int swapped = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i);
    for (const std::string& record :
         {R"({"prompt":"q)" + n + R"(","chosen":"good","rejected":"bad"})",
          R"({"chosen":[{"role":"user","content":"q)" + n +
              R"("},{"role":"assistant","content":"good"}],"rejected":[{"role":"user","content":"q)" + n +
              R"("},{"role":"assistant","content":"bad"}]})"}) {
      const auto found = read(maker(), record.c_str());
      REQUIRE_MESSAGE(found.ok(), found.error().text());
      const Prompt& p = found->front();
      CHECK(shown(p) == "q" + n + (p.swapped ? "/bad/good" : "/good/bad"));
      CHECK(p.label == (p.swapped ? Side::kB : Side::kA));
      json::Document doc;
      const auto pair = records::read_pair(*doc.parse(record), {});
      CHECK(p.swapped == judge::swapped_order(*pair, {}));
      swapped += p.swapped;
    }
  }
  CHECK(swapped > 20);  // of 80
  CHECK(swapped < 60);
}

TEST_CASE("both orders are two prompts with two labels, the order of judging first") {
  for (const char* record :
       {R"({"prompt":"q","chosen":"good","rejected":"bad"})", R"({"prompt":"r","chosen":"good","rejected":"bad"})",
        R"({"question":"q","answer_a":"good","answer_b":"bad","winner":"a"})"}) {
    CAPTURE(record);
    const auto one = read(maker(), record), both = read(maker(), record, true);
    REQUIRE((one.ok() && both.ok()));
    REQUIRE(both->size() == 2);
    CHECK((*both)[0].ids == one->front().ids);
    CHECK((*both)[0].swapped != (*both)[1].swapped);
    CHECK((*both)[0].label != (*both)[1].label);
    for (const Prompt& p : *both) {
      CHECK(shown(p).substr(1) == (p.swapped ? "/bad/good" : "/good/bad"));
      CHECK(p.label == (p.swapped ? Side::kB : Side::kA));
    }
  }
}

TEST_CASE("conversations are shown whole") {
  const auto found = read(maker(), R"({"prompt":[{"role":"user","content":"1"},{"role":"assistant","content":"2"},)"
                                   R"({"role":"user","content":"3"}],"answer_a":"x","answer_b":"y","winner":"b"})");
  REQUIRE_MESSAGE(found.ok(), found.error().text());
  CHECK(shown(found->front()) ==
        "User: 1\nChatbot A: 2\nUser: 3\nChatbot A: x#User: 1\nChatbot B: 2\nUser: 3\nChatbot B: y");
  CHECK(found->front().label == Side::kB);
}

TEST_CASE("a prompt that is rendered already stays as it is, in one order") {
  for (const bool both : {false, true}) {
    const auto found =
        read(maker(), R"({"context_messages":[{"role":"user","content":"judge this"}],"winner":"model_b"})", both);
    REQUIRE_MESSAGE(found.ok(), found.error().text());
    REQUIRE(found->size() == 1);
    CHECK(shown(found->front()) == "judge this");
    CHECK(found->front().label == Side::kB);
  }
}

TEST_CASE("no text of an answer becomes a special token") {
  const auto found =
      read(maker(), R"({"question":"q","answer_a":"x<|im|><|im_start|>a:","answer_b":"<think>","winner":"a"})");
  REQUIRE(found.ok());
  const auto count = [&](const char* token) {
    return std::ranges::count(found->front().ids, *tiny_tokenizer().find_added(token));
  };
  CHECK(count("<|im|>") == 1);
  CHECK(count("<|im_start|>") == 2);
  CHECK(count("<think>") == 0);
}

TEST_CASE("what no verdict can be right or wrong about is an error that says so") {
  struct Row {
    const char *record, *reason;
  };
  for (const Row& r : {
           Row{R"({"question":"q","answer_a":"x","answer_b":"y"})", "no_label"},
           Row{R"({"question":"q","answer_a":"x","answer_b":"y","winner":null})", "no_label"},
           Row{R"({"question":"q","answer_a":"x","answer_b":"y","winner":"tie"})", "tied"},
           Row{R"({"question":"q","answer_a":"x","answer_b":"y","winner":"c"})", "bad_label"},
           Row{R"({"prompt":"q","responses":["x","y"]})", "no_label"},
           Row{R"({"text":"q"})", "no_shape"},
           Row{R"({"prompt":7,"chosen":"a","rejected":"b"})", "wrong_type"},
       }) {
    CAPTURE(r.record);
    const auto refused = read(maker(), r.record);
    REQUIRE(!refused.ok());
    CHECK(refused.error().exit == Exit::kInput);
    CHECK(refused.error().reason == r.reason);
  }
  const auto hint = read(maker(), R"({"question":"q","answer_a":"x","answer_b":"y","winner":"tie"})");
  CHECK(hint.error().message.find("--skip-unlabelled") != std::string::npos);
  const auto no_turns = read(maker(R"({"user":"{question}/{answer_a}/{answer_b}"})"),
                             R"({"prompt":[{"role":"user","content":"1"},{"role":"assistant","content":"2"},)"
                             R"({"role":"user","content":"3"}],"answer_a":"x","answer_b":"y","winner":"b"})");
  REQUIRE(!no_turns.ok());
  CHECK(no_turns.error().reason == "no_multi_turn");
}

TEST_CASE("a prompt over the limit is refused with both lengths, and never cut") {
  const char* record = R"({"question":"q","answer_a":"x","answer_b":"y","winner":"a"})";
  PromptMaker m = maker();
  const std::int64_t length = std::ssize(read(m, record)->front().ids);
  m.most_tokens = length;
  CHECK(read(m, record).ok());
  m.most_tokens = 0;
  CHECK(read(m, record).ok());
  m.most_tokens = length - 1;
  const auto refused = read(m, record);
  REQUIRE(!refused.ok());
  CHECK(refused.error().exit == Exit::kInput);
  CHECK(refused.error().reason == "too_long");
  CHECK(refused.error().message.find("has " + std::to_string(length) + " tokens") != std::string::npos);
  CHECK(refused.error().message.find("at most " + std::to_string(length - 1)) != std::string::npos);
  CHECK(refused.error().message.find("--max-prompt-tokens") != std::string::npos);
}

TEST_CASE("a tokenizer of another model is told from the prompt's ids") {
  PromptMaker m = maker();
  m.vocab = end_token();  // one too few
  const auto refused = read(m, R"({"question":"q","answer_a":"x","answer_b":"y","winner":"a"})");
  REQUIRE(!refused.ok());
  CHECK(refused.error().exit == Exit::kModel);
  CHECK(refused.error().reason == "wrong_vocabulary");
}

TEST_CASE("fields may have other names") {
  PromptMaker m = maker();
  m.map = *records::parse_field_map("question=.q,answer_a=.one.text,answer_b=.two.text,winner=.best");
  const auto found = read(m, R"({"q":"?","one":{"text":"x"},"two":{"text":"y"},"best":"b"})");
  REQUIRE_MESSAGE(found.ok(), found.error().text());
  CHECK(shown(found->front()) == "?/x/y");
  CHECK(found->front().label == Side::kB);
}
