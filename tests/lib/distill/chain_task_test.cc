// Both passes against scripted teachers: what is asked, what is kept, and that the hint stays in the request.
#include "lib/distill/chain_task.h"

#include <doctest/doctest.h>

#include "lib/distill/hint.h"
#include "lib/generate/runner.h"
#include "lib/generate/scripted.h"

namespace rm::distill {
namespace {

constexpr const char* kAnswers = R"({"question":"q","answer_a":"xx","answer_b":"yy","winner":"B"})";

Result<std::unique_ptr<ChainTask>> first(const std::string& line, const Settings& s = {}) {
  json::Document document;
  const auto record = document.parse(line);
  REQUIRE(record.ok());
  return first_pass(*record, {}, judge::PromptSet::built_in(), s);
}

struct Asked {
  generate::Request request;
  records::ChainRecord record;
  std::optional<Error> failed;
};

// Lets a teacher that always writes `text` answer the task.
Asked ask(std::unique_ptr<ChainTask> made, const std::string& text,
          generate::FinishReason finish = generate::FinishReason::kStop, std::optional<Error> error = {}) {
  const std::shared_ptr<ChainTask> task = std::move(made);
  auto log = std::make_shared<generate::ScriptLog>();
  generate::Script script;
  script.answer = [&](const generate::Request&) {
    generate::Reply r;
    r.text = text;
    r.reasoning = "thought";
    r.finish = finish;
    r.error = error;
    return r;
  };
  auto generator = generate::scripted(script, log);
  generate::Runner runner(*generator);
  runner.add(task);
  while (!runner.idle()) REQUIRE(runner.pump().ok());
  REQUIRE(log->requests.size() == 1);
  return {log->requests[0], task->record(), task->failed};
}

std::string ends_in(char letter) { return std::string("<eval>seen</eval>\n<answer>[[") + letter + "]]</answer>"; }

TEST_CASE("the teacher gets the student's prompt and a right chain is kept") {
  const Asked a = ask(*first(kAnswers), ends_in('B'));
  CHECK(a.request.messages == a.record.messages);
  CHECK(a.record.messages.size() == 2);
  CHECK(a.record.chain.status == records::ChainStatus::kKept);
  CHECK(a.record.chain.reason == "ok");
  CHECK(a.record.chain.pass == 1);
  CHECK(a.record.chain.verdict == 'B');
  CHECK(a.record.chain.teacher == "scripted");
  CHECK(a.record.chain.reasoning == "thought");
  CHECK(a.record.chain.completion_tokens > 0);
  CHECK(a.record.response == ends_in('B'));
  CHECK_FALSE(a.record.chain.wrong_response);
  Settings plain;
  plain.form = judge::Form::kPlain;
  CHECK(ask(*first(kAnswers, plain), ends_in('B')).record.messages.size() == 1);
}

TEST_CASE("a chain that is not right keeps its text as wrong_response, with the reason") {
  struct Row {
    std::string text;
    generate::FinishReason finish;
    Filter filter;
    const char* reason;
  };
  using enum generate::FinishReason;
  for (const Row& r :
       {Row{ends_in('A'), kStop, Filter::kDistill, "other_verdict"},
        Row{"no idea", kStop, Filter::kDistill, "no_verdict"}, Row{"", kStop, Filter::kDistill, "no_verdict"},
        Row{ends_in('B'), kLength, Filter::kDistill, "length"},
        Row{ends_in('A') + ends_in('B'), kStop, Filter::kStrict, "conflict"},
        Row{"[[B]]", kStop, Filter::kStrict, "no_verdict"}}) {
    CAPTURE(r.text);
    Settings s;
    s.filter = r.filter;
    const Asked a = ask(*first(kAnswers, s), r.text, r.finish);
    CHECK(a.record.chain.status == records::ChainStatus::kWrong);
    CHECK(a.record.chain.reason == r.reason);
    CHECK_FALSE(a.record.response);
    CHECK(a.record.chain.wrong_response == r.text);
    CHECK(wants_second(a.record));
  }
}

TEST_CASE("the right verdict follows the order that the messages show") {
  int a = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i);
    const auto task = first(R"({"prompt":"q)" + n + R"(","chosen":"GOOD","rejected":"BAD"})");
    REQUIRE(task.ok());
    const records::ChainRecord& r = (*task)->record();
    const std::string& shown = r.messages.back().content;
    CHECK((shown.find("GOOD") < shown.find("BAD")) == (r.chain.verdict == 'A'));
    a += r.chain.verdict == 'A';
  }
  CHECK(a > 8);
  CHECK(a < 32);
}

TEST_CASE("the hint is in the second request alone, whatever the teacher repeats") {
  const Asked taught = ask(*first(kAnswers), ends_in('A'));
  const Asked good = ask(second_pass(taught.record, {}), ends_in('B'));
  CHECK(good.request.messages == with_hint(taught.record.messages, judge::Side::kB, ends_in('A')));
  CHECK(good.request.messages.back().content.find(ends_in('A')) != std::string::npos);
  CHECK(good.record.messages == taught.record.messages);
  CHECK(good.record.chain.status == records::ChainStatus::kKept);
  CHECK(good.record.chain.pass == 2);
  CHECK(good.record.response == ends_in('B'));
  CHECK_FALSE(good.record.chain.wrong_response);

  const Asked told = ask(second_pass(taught.record, {}), good.request.messages.back().content + ends_in('B'));
  CHECK(told.record.messages == taught.record.messages);
  CHECK(told.record.chain.status == records::ChainStatus::kLeak);
  CHECK(told.record.chain.reason == "told");
  CHECK(told.record.chain.told_by);
  CHECK_FALSE(told.record.response);
  CHECK(told.record.chain.wrong_response == ends_in('A'));
  CHECK(told.record.chain.second_response);

  const Asked stubborn = ask(second_pass(told.record, {}), ends_in('A'));
  CHECK(stubborn.record.chain.status == records::ChainStatus::kWrong);
  CHECK(stubborn.record.chain.wrong_response == ends_in('A'));
  CHECK_FALSE(stubborn.record.chain.told_by);
  CHECK(wants_second(stubborn.record));
}

TEST_CASE("a judgement without a word is not shown to the second teacher") {
  const auto hinted = with_hint({{"user", "q"}}, judge::Side::kA, "");
  CHECK(hinted.back().content.find("begins]") == std::string::npos);
  CHECK(hinted.back().content.find("<answer>[[A]]</answer>") != std::string::npos);
}

TEST_CASE("a request that fails leaves a chain that says so") {
  const Error refused = make_error(Exit::kInput, "refused", "no");
  auto task = first(kAnswers);
  const auto asked = ask(*std::move(task), "", generate::FinishReason::kError, refused);
  REQUIRE(asked.failed);
  CHECK(asked.failed->reason == "refused");
  auto again = *first(kAnswers);
  again->failed = refused;
  const records::ChainRecord r = again->failed_record("teacher-9");
  CHECK(r.chain.status == records::ChainStatus::kFailed);
  CHECK(r.chain.reason == "refused");
  CHECK(r.chain.teacher == "teacher-9");
  CHECK_FALSE(wants_second(r));
}

TEST_CASE("pairs without a winner cannot be taught") {
  CHECK(first(R"({"question":"q","answer_a":"x","answer_b":"y"})").error().reason == "no_label");
  CHECK(first(R"({"question":"q","answer_a":"x","answer_b":"y","winner":"tie"})").error().reason == "tie");
  CHECK(first(R"({"text":"q"})").error().reason == "no_shape");
}

TEST_CASE("seeds follow the pair, not its place, and differ between passes") {
  const auto one = ask(*first(kAnswers), ends_in('A')), same = ask(*first(kAnswers), ends_in('A'));
  CHECK(one.request.seed == same.request.seed);
  Settings other;
  other.seed = 1;
  CHECK(ask(*first(kAnswers, other), ends_in('A')).request.seed != one.request.seed);
  CHECK(ask(second_pass(one.record, {}), ends_in('B')).request.seed != one.request.seed);
}

}  // namespace
}  // namespace rm::distill
