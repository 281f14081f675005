#include "lib/judge/stored.h"

#include <doctest/doctest.h>

#include "tests/lib/judge/job_driver.h"

namespace rm::judge {
namespace {

using generate::FinishReason;
using generate::Request;
using records::Judgment;

constexpr const char* kLabelled = R"({"prompt":"q","chosen":"one","rejected":"two"})";

struct Record {
  explicit Record(const std::string& text) {
    auto parsed = document.parse(text);
    REQUIRE(parsed.ok());
    value = *parsed;
  }
  json::Document document;
  json::Value value;
};

Judgment with_samples(std::vector<records::Sample> samples) {
  Judgment j;
  j.samples = std::move(samples);
  return j;
}

records::Sample sample(const std::string& text, const std::string& reason, const std::string& finish = "stop") {
  records::Sample s;
  s.text = text;
  s.reason = reason;
  s.finish_reason = finish;
  s.prompt_tokens = 10;
  s.completion_tokens = 20;
  return s;
}

TEST_CASE("reparse reads the stored texts with another mode") {
  const Record r(kLabelled);
  Settings s;
  s.verdict = VerdictMode::kRewardBench;
  Judgment j = with_samples({sample("<eval>[[B]]</eval><answer>[[A]]</answer>", ""), sample(verdict_trace('B'), "")});
  j.samples[1].swapped = true;
  j = reparse(r.value, {}, j, s)->judgment;
  CHECK(j.votes_none == 1);
  CHECK(j.samples[0].reason == "conflict");
  CHECK_FALSE(j.consistent);

  s.verdict = VerdictMode::kStrict;
  j = reparse(r.value, {}, j, s)->judgment;
  CHECK(j.verdict == "A");
  CHECK(j.votes_a == 2);
  CHECK(j.consistent == true);
  CHECK(j.correct == true);
  CHECK(j.samples[0].reason == "ok");

  j.samples[0].p_a = 0.9;
  j.samples[1].p_a = 0.2;
  s.verdict = VerdictMode::kRewardBench;
  j = reparse(r.value, {}, j, s)->judgment;
  CHECK_FALSE(j.samples[0].p_a);
  CHECK(j.samples[1].p_a == 0.2);

  s.verdict = VerdictMode::kStrict;
  j = reparse(r.value, {}, with_samples({sample("<eval>", "", "length"), sample(verdict_trace('A'), "error")}), s)
          ->judgment;
  CHECK(j.samples[0].reason == "length");
  CHECK(j.samples[1].reason == "error");
  CHECK_FALSE(j.verdict);
}

TEST_CASE("rankings and ratings are counted again from their samples") {
  const Record many(R"({"prompt":"q","responses":["x","y","z"]})");
  Judgment j = with_samples(
      {sample(verdict_trace('B'), "ok"), sample(verdict_trace('B'), "ok"), sample(verdict_trace('B'), "ok")});
  j.ranking.emplace();
  j.samples[0].pair = {0, 1};
  j.samples[1].pair = {0, 2};
  j.samples[2].pair = {1, 2};
  const auto ranked = reparse(many.value, {}, j, {});
  REQUIRE(ranked.ok());
  CHECK(ranked->judgment.ranking->order == std::vector<std::int64_t>{2, 1, 0});
  CHECK(ranked->warnings.empty());
  const Record odd(R"({"prompt":"q","responses":["x","[[A]]","x"]})");
  CHECK(reparse(odd.value, {}, j, {})->warnings == std::vector<std::string>{"same_answers", "verdict_in_answer"});
  j.samples[2].pair = {1, 3};
  CHECK(reparse(many.value, {}, j, {}).error().reason == "bad_judgment");

  Judgment rated = with_samples({sample("<answer>[[3]]</answer>", "ok"), sample("<answer>[[4]]</answer>", "ok")});
  rated.ratings.emplace();
  rated.samples[0].answer = 2;
  rated.samples[1].answer = 0;
  Settings s;
  s.rate = Scale{1, 10};
  const auto again = reparse(many.value, {}, rated, s);
  REQUIRE(again.ok());
  CHECK(*again->judgment.ratings == std::vector<std::optional<double>>{4.0, std::nullopt, 3.0});

  // Without the scale they were given on, ratings stay what they are, and nothing can be asked again.
  rated.samples[0].text = "<answer>[[70]]</answer>";
  rated.samples[0].rating = 70;
  rated.samples[1].rating.reset();
  CHECK(*reparse(many.value, {}, rated, {})->judgment.ratings ==
        std::vector<std::optional<double>>{std::nullopt, std::nullopt, 70.0});
  CHECK(retry_job(many.value, {}, rated, PromptSet::built_in(), {}).error().reason == "no_scale");
}

TEST_CASE("only samples without a verdict are asked again, cut ones with their thought closed") {
  const Record r(kLabelled);
  Judgment j = with_samples({sample(verdict_trace('A'), "ok"), sample("I think that", "length", "length"),
                             sample("A and B", "conflict"), sample("", "error", "error")});
  j.samples[0].verdict = 'A';
  CHECK(has_unparsed(j));
  auto job = retry_job(r.value, {}, j, PromptSet::built_in(), {});
  REQUIRE(job.ok());
  generate::Script script;
  script.answer = [](const Request& q) { return text_reply(q.prefill.empty() ? verdict_trace('B') : "A]]</answer>"); };
  const Driven d = drive(std::shared_ptr<Job>(*std::move(job)), script);
  REQUIRE(d.judgment);
  REQUIRE(d.log->requests.size() == 3);
  CHECK(d.log->requests[0].prefill == "I think that\n<answer>[[");
  CHECK(d.log->requests[0].temperature == 0);
  CHECK(d.log->requests[1].prefill.empty());
  CHECK(d.log->requests[1].temperature == 1);
  const auto& samples = d.judgment->samples;
  CHECK(samples[1].text == "I think that\n<answer>[[A]]</answer>");
  CHECK(samples[1].closed);
  CHECK(samples[1].verdict == 'A');
  CHECK(samples[1].prompt_tokens == 10);
  CHECK(samples[1].completion_tokens > 20);
  CHECK_FALSE(samples[2].closed);
  CHECK(d.judgment->votes_a == 2);
  CHECK(d.judgment->votes_b == 2);
  CHECK(d.judgment->verdict == "tie");
  CHECK_FALSE(has_unparsed(*d.judgment));
}

TEST_CASE("an attempt that fails leaves what was there") {
  const Record r(kLabelled);
  auto job = retry_job(r.value, {}, with_samples({sample("cut", "length", "length")}), PromptSet::built_in(), {});
  generate::Script script;
  script.answer = [](const Request&) {
    generate::Reply reply;
    reply.finish = FinishReason::kError;
    return reply;
  };
  const Driven d = drive(std::shared_ptr<Job>(*std::move(job)), script);
  REQUIRE(d.judgment);
  CHECK(d.judgment->samples[0].text == "cut");
  CHECK(d.judgment->samples[0].reason == "length");
}

TEST_CASE("what closes a trace by force depends on what is open") {
  struct Row {
    const char *text, *reasoning;
    bool plain;
    const char* close;
  };
  for (const Row& r : {
           Row{"abc", "", false, "\n<answer>[["},
           Row{"abc\n", "", false, "<answer>[["},
           Row{"<think>abc", "", false, "\n</think>\n\n<answer>[["},
           Row{"<think>abc</think>x", "", false, "\n<answer>[["},
           Row{"abc", "", true, "\n</think>\n\n<answer>[["},
           Row{"abc</think>", "", true, "\n<answer>[["},
           Row{"<think>\nhm", "hm", false, "\n</think>\n\n<answer>[["},
       }) {
    CAPTURE(r.text);
    CHECK(forced_close(r.text, r.reasoning, r.plain) == r.close);
  }
}

}  // namespace
}  // namespace rm::judge
