#include "lib/judge/job.h"

#include <doctest/doctest.h>

#include "tests/lib/judge/job_driver.h"

namespace rm::judge {
namespace {

using generate::Request;
using generate::Script;

// Prefers the answer whose number is larger: "a7" beats "a3".
Script prefers_larger() {
  Script s;
  s.answer = [](const Request& r) {
    const int a = std::stoi(shown_a(r).substr(1)), b = std::stoi(shown_b(r).substr(1));
    return text_reply(verdict_trace(a > b ? 'A' : 'B'));
  };
  return s;
}

TEST_CASE("what kind of judging a record asks for is found from its shape") {
  struct Row {
    const char* record;
    bool ranking;
    std::size_t requests;
  };
  for (const Row& r : {
           Row{R"({"question":"q","answer_a":"a1","answer_b":"a2"})", false, 1},
           Row{R"({"prompt":"q","responses":["a1","a2"]})", false, 1},
           Row{R"({"prompt":"q","responses":["a1","a2","a3"]})", true, 3},
           Row{R"({"prompt":"q","chosen":["a9"],"rejected":["a1","a2","a3"]})", true, 6},
       }) {
    CAPTURE(r.record);
    const Driven d = drive(r.record, {}, prefers_larger());
    REQUIRE(d.judgment);
    CHECK(d.judgment->ranking.has_value() == r.ranking);
    CHECK(d.judgment->samples.size() == r.requests);
    CHECK(d.log->submitted == r.requests);
  }
}

TEST_CASE("a ranking puts the better answers first") {
  const Driven d = drive(R"({"prompt":"q","responses":["a3","a9","a1","a5"]})", {}, prefers_larger());
  REQUIRE(d.judgment);
  const records::Ranking& r = *d.judgment->ranking;
  CHECK(r.order == std::vector<std::int64_t>{1, 3, 0, 2});
  CHECK(r.calls == 6);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(r.intervals[i][0] < r.scores[i]);
    CHECK(r.scores[i] < r.intervals[i][1]);
  }
  CHECK_FALSE(d.judgment->correct);
}

TEST_CASE("a labelled ranking is right when a right answer comes first") {
  CHECK(drive(R"({"prompt":"q","chosen":["a9"],"rejected":["a1","a2"]})", {}, prefers_larger()).judgment->correct ==
        true);
  CHECK(drive(R"({"prompt":"q","chosen":["a1"],"rejected":["a9","a2"]})", {}, prefers_larger()).judgment->correct ==
        false);
}

TEST_CASE("a budget of calls is kept") {
  std::string record = R"({"prompt":"q","responses":[)";
  for (int i = 0; i < 16; ++i) record += (i > 0 ? ",\"a" : "\"a") + std::to_string(i * 7 % 16) + "\"";
  record += "]}";
  Settings s;
  s.budget = 48;
  const Driven d = drive(record, s, prefers_larger());
  REQUIRE(d.judgment);
  CHECK(d.judgment->ranking->calls <= 48);
  CHECK(d.judgment->ranking->calls >= 40);
  CHECK(d.judgment->ranking->order.front() == 9);  // where "a15" stands
}

TEST_CASE("both orders and samples multiply the calls of a match") {
  Settings s;
  s.both_orders = true;
  s.samples = 2;
  s.temperature = 1;
  const Driven d = drive(R"({"prompt":"q","responses":["a3","a9","a1"]})", s, prefers_larger());
  REQUIRE(d.judgment);
  CHECK(d.judgment->ranking->calls == 12);
  CHECK(d.judgment->ranking->order == std::vector<std::int64_t>{1, 0, 2});
}

TEST_CASE("matches without a verdict leave an answer in the middle") {
  Script s;
  s.answer = [](const Request&) { return text_reply("no idea"); };
  const Driven d = drive(R"({"prompt":"q","chosen":["x"],"rejected":["y","z"]})", {}, s);
  REQUIRE(d.judgment);
  CHECK(d.judgment->ranking->order.size() == 3);
  for (const double score : d.judgment->ranking->scores) CHECK(score == doctest::Approx(0));
  CHECK(d.judgment->correct == false);
}

TEST_CASE("a record none of whose requests got a reply is a failure, one of several is a judgment") {
  const auto fails = [](int which) {
    Script s;
    s.answer = [which, n = 0](const Request&) mutable {
      generate::Reply r = text_reply(verdict_trace('A'));
      if (which < 0 || n++ == which) {
        r.finish = generate::FinishReason::kError;
        r.error = make_error(Exit::kUnavailable, "endpoint", "gave up");
      }
      return r;
    };
    return s;
  };
  const std::string record = R"({"question":"q","answer_a":"x","answer_b":"y"})";
  Settings s;
  s.samples = 3;
  s.temperature = 1;
  const Driven all = drive(record, s, fails(-1));
  REQUIRE(all.failed);
  CHECK(all.failed->reason == "endpoint");
  const Driven some = drive(record, s, fails(1));
  REQUIRE(some.judgment);
  CHECK(some.judgment->votes_a == 2);
  CHECK(some.judgment->samples[1].reason == "error");
}

TEST_CASE("a request that cannot be made fails its record only") {
  Script s;
  s.context = 100;
  s.answer = [](const Request&) { return text_reply(verdict_trace('A')); };
  const Driven d = drive(R"({"question":"q","answer_a":"x","answer_b":"y"})", {}, s);
  REQUIRE(d.failed);
  CHECK(d.failed->reason == "too_long");
}

TEST_CASE("rewards are shares of votes, chances to win, or places on a scale") {
  using Rewards = std::vector<std::optional<double>>;
  const std::string pair = R"({"question":"q","answer_a":"a1","answer_b":"a2"})";
  CHECK(rewards(*drive(pair, {}, prefers_larger()).judgment, {}) == Rewards{0.0, 1.0});
  Settings rate;
  rate.rate = Scale{1, 10};
  Script says;
  says.answer = [](const Request& r) {
    return text_reply(r.messages.back().content.find("good") != std::string::npos ? "<answer>[[10]]</answer>" : "?");
  };
  const Driven rated = drive(R"({"prompt":"q","responses":["good","bad"]})", rate, says);
  CHECK(rewards(*rated.judgment, rate) == Rewards{1.0, std::nullopt});
  const Rewards ranked =
      rewards(*drive(R"({"prompt":"q","responses":["a1","a2","a3"]})", {}, prefers_larger()).judgment, {});
  REQUIRE(ranked.size() == 3);
  CHECK(*ranked[0] < *ranked[1]);
  CHECK(*ranked[1] < *ranked[2]);
  CHECK(*ranked[1] == doctest::Approx(0.5));
}

}  // namespace
}  // namespace rm::judge
