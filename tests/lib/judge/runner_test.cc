#include "lib/judge/runner.h"

#include <doctest/doctest.h>

#include "tests/lib/judge/job_driver.h"

namespace rm::judge {
namespace {

std::shared_ptr<Job> pair(const std::string& a) {
  json::Document document;
  const auto value = document.parse(R"({"question":"q","answer_a":")" + a + R"(","answer_b":"y"})");
  REQUIRE(value.ok());
  auto job = make_job(*value, {}, PromptSet::built_in(), {});
  REQUIRE(job.ok());
  return std::shared_ptr<Job>(*std::move(job));
}

generate::Script says_a(std::size_t capacity) {
  generate::Script s;
  s.capacity = capacity;
  s.answer = [](const generate::Request&) { return text_reply(verdict_trace('A')); };
  return s;
}

TEST_CASE("many jobs share a generator, and never more requests than it wants are in flight") {
  auto log = std::make_shared<generate::ScriptLog>();
  auto generator = generate::scripted(says_a(3), log);
  Runner runner(*generator);
  CHECK(runner.wants_more());
  for (int i = 0; i < 10; ++i) runner.add(pair("x" + std::to_string(i)));
  CHECK_FALSE(runner.wants_more());
  std::size_t ended = 0;
  while (!runner.idle()) {
    const auto jobs = runner.pump();
    REQUIRE(jobs.ok());
    for (const auto& j : *jobs) {
      CHECK(j->judgment().verdict == "A");
      CHECK(j->judgment().model == "scripted");
      ++ended;
    }
  }
  CHECK(ended == 10);
  CHECK(log->most_in_flight == 3);
}

TEST_CASE("a cancelled job is not heard of again") {
  auto log = std::make_shared<generate::ScriptLog>();
  auto generator = generate::scripted(says_a(1), log);
  Runner runner(*generator);
  const auto first = pair("x"), second = pair("z");
  runner.add(first);
  runner.add(second);
  REQUIRE(runner.send().ok());  // the first is in flight, the second waits
  runner.cancel(*first);
  CHECK(log->cancelled == 1);
  std::vector<std::shared_ptr<Job>> ended;
  while (!runner.idle()) {
    const auto jobs = runner.pump();
    REQUIRE(jobs.ok());
    ended.insert(ended.end(), jobs->begin(), jobs->end());
  }
  REQUIRE(ended.size() == 1);
  CHECK(ended[0] == second);
}

TEST_CASE("a nudge makes pump return without a reply") {
  auto generator = generate::scripted(says_a(1));
  Runner runner(*generator);
  runner.add(pair("x"));
  generator->nudge();
  const auto jobs = runner.pump();
  REQUIRE(jobs.ok());
  CHECK(jobs->empty());
  CHECK_FALSE(runner.idle());
  CHECK(runner.pump()->size() == 1);
}

TEST_CASE("a broken generator ends the runner with its error") {
  generate::Script s = says_a(1);
  s.fail_after = 0;
  auto generator = generate::scripted(s);
  Runner runner(*generator);
  runner.add(pair("x"));
  CHECK(runner.pump().error().exit == Exit::kResources);
}

}  // namespace
}  // namespace rm::judge
