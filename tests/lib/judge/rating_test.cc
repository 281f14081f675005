#include "lib/judge/rating.h"

#include <doctest/doctest.h>

#include "tests/lib/judge/job_driver.h"

namespace rm::judge {
namespace {

TEST_CASE("a scale is two whole numbers") {
  CHECK(parse_scale("1-10")->low == 1);
  CHECK(parse_scale("0-100")->high == 100);
  for (const char* bad : {"", "10", "10-1", "1-1", "-1-5", "1-1001", "1-10x", "a-b", "1 - 10", "1.5-2"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_scale(bad));
  }
}

TEST_CASE("a rating is the number of the visible answer block") {
  struct Row {
    const char* trace;
    std::optional<double> value;
    NoVerdict why = NoVerdict::kMissing;
  };
  for (const Row& r : {
           Row{"<answer>[[7]]</answer>", 7},
           Row{"<answer>[[7.5]]</answer>", 7.5},
           Row{"<answer>[[10]]</answer>", 10},
           Row{"<answer>[[11]]</answer>", std::nullopt},  // outside the scale
           Row{"<answer>[[0]]</answer>", std::nullopt},
           Row{"<answer>[[-3]]</answer>", std::nullopt},
           Row{"<answer>[[1e1]]</answer>", std::nullopt},
           Row{"<answer>[[nan]]</answer>", std::nullopt},
           Row{"<answer>[[7/10]]</answer>", std::nullopt},
           Row{"<answer>[[ 7 ]]</answer>", std::nullopt},
           Row{"<answer>[[A]]</answer>", std::nullopt},
           Row{"rating: 7", std::nullopt},
           Row{"", std::nullopt},
           Row{"<eval><answer>[[3]]</answer></eval><answer>[[8]]</answer>", 8},
           Row{"<think><answer>[[3]]</answer></think>", std::nullopt},
           Row{"<answer>[[3]]</answer> <answer>[[3]]</answer>", 3},
           Row{"<answer>[[3]]</answer> <answer>[[4]]</answer>", std::nullopt, NoVerdict::kConflict},
       }) {
    CAPTURE(r.trace);
    const Rating got = read_rating(r.trace, {1, 10});
    CHECK(got.value == r.value);
    if (!r.value) CHECK(got.why == r.why);
  }
}

generate::Script by_length() {
  generate::Script s;
  s.answer = [](const generate::Request& r) {
    const std::string a =
        between(r.messages.back().content, "[Answer of the chatbot begins]\n", "\n[Answer of the chatbot");
    return text_reply("<answer>[[" + std::to_string(a.size()) + "]]</answer>");
  };
  return s;
}

TEST_CASE("every answer of every shape is rated on its own") {
  using Ratings = std::vector<std::optional<double>>;
  struct Row {
    const char* record;
    Ratings ratings;
    std::optional<std::string> preferred;
    std::optional<bool> correct;
  };
  Settings s;
  s.rate = Scale{1, 10};
  for (const Row& r : {
           Row{R"({"prompt":"q","response":"four"})", {4.0}, {}, {}},
           Row{R"({"prompt":"q","responses":["a","bb","ccc"]})", {1.0, 2.0, 3.0}, {}, {}},
           Row{R"({"prompt":"q","responses":["a"]})", {1.0}, {}, {}},
           Row{R"({"prompt":"q","chosen":"good","rejected":"bad"})", {4.0, 3.0}, "chosen", true},
           Row{R"({"prompt":"q","chosen":"bad","rejected":"good"})", {3.0, 4.0}, "rejected", false},
           Row{R"({"question":"q","answer_a":"one","answer_b":"two","winner":"a"})", {3.0, 3.0}, "tie", false},
           Row{R"({"prompt":"q","chosen":["aa","bb"],"rejected":["c"]})", {2.0, 2.0, 1.0}, {}, {}},
           Row{R"({"prompt":"q","responses":["a","twelve chars"]})", {1.0, std::nullopt}, {}, {}},
       }) {
    CAPTURE(r.record);
    const Driven d = drive(r.record, s, by_length());
    REQUIRE(d.judgment);
    CHECK(*d.judgment->ratings == r.ratings);
    CHECK(d.judgment->preferred == r.preferred);
    CHECK(d.judgment->correct == r.correct);
    CHECK(d.judgment->prompt_id == PromptSet::built_in().rating_id(Form::kCor));
  }
}

TEST_CASE("several samples are averaged, those without a rating left out") {
  Settings s;
  s.rate = Scale{1, 10};
  s.samples = 3;
  s.temperature = 1;
  generate::Script script;
  script.answer = [n = 0](const generate::Request&) mutable {
    const char* texts[] = {"<answer>[[4]]</answer>", "?", "<answer>[[7]]</answer>"};
    return text_reply(texts[n++ % 3]);
  };
  const Driven d = drive(R"({"prompt":"q","response":"x"})", s, script);
  REQUIRE(d.judgment);
  CHECK((*d.judgment->ratings)[0] == 5.5);
  CHECK(d.judgment->samples[1].reason == "no_verdict");
}

TEST_CASE("the rating prompt shows the scale, and an answer cannot fill a slot") {
  const PromptSet set = PromptSet::built_in();
  for (const Form form : {Form::kCor, Form::kPlain}) {
    const auto messages =
        set.rating_messages({{"user", "q {answer}"}}, {{"assistant", "{high} {question}"}}, 2, 7, form);
    const std::string user = messages.back().content;
    CHECK(user.find("q {answer}") != std::string::npos);
    CHECK(user.find("{high} {question}") != std::string::npos);
    const std::string all = messages.front().content + user;
    CHECK(all.find("from 2 ") != std::string::npos);
    CHECK(all.find("to 7 ") != std::string::npos);
    CHECK(messages.size() == (form == Form::kCor ? 2 : 1));
  }
  const auto talk = set.rating_messages({{"system", "be brief"}, {"user", "a"}, {"assistant", "b"}, {"user", "c"}},
                                        {{"assistant", "d"}}, 1, 10, Form::kCor);
  CHECK(talk.back().content.find("System: be brief\nUser: a\nChatbot: b\nUser: c\n") != std::string::npos);
}

TEST_CASE("a prompt file may bring its own rating prompt") {
  const auto set = PromptSet::parse(R"({"rating_system":"S {low}","rating_user":"{question}|{answer}|{high}"})", "f");
  REQUIRE(set.ok());
  const auto messages = set->rating_messages({{"user", "q"}}, {{"assistant", "a"}}, 1, 5, Form::kCor);
  CHECK(messages[0].content == "S 1");
  CHECK(messages[1].content == "q|a|5");
  struct Row {
    const char* text;
    const char* reason;
  };
  for (const Row& r : {Row{R"({"rating_user":"{question}"})", "missing_slot"},
                       Row{R"({"rating_user":"{question}{answer}{answer_a}"})", "unknown_slot"},
                       Row{R"({"rating_system":"x","user":"{question}{answer_a}{answer_b}"})", "missing_key"},
                       Row{R"({"rating_user":7})", "wrong_type"}}) {
    CAPTURE(r.text);
    const auto bad = PromptSet::parse(r.text, "f");
    REQUIRE_FALSE(bad.ok());
    CHECK(bad.error().reason == r.reason);
  }
}

}  // namespace
}  // namespace rm::judge
