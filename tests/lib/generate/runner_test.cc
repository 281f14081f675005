#include "lib/generate/runner.h"

#include <doctest/doctest.h>

#include "lib/generate/scripted.h"

namespace rm::generate {
namespace {

// Asks `width` questions at once, as often as `rounds` says, and keeps what was said.
class Rounds final : public Task {
 public:
  explicit Rounds(int rounds = 1, int width = 1) : rounds_(rounds), width_(width) {}
  std::vector<Request> next() override {
    std::vector<Request> out;
    if (awaited_ > 0 || rounds_ == 0) return out;
    for (; awaited_ < width_; ++awaited_) {
      Request r;
      r.id = static_cast<std::uint64_t>(awaited_);
      r.messages = {{"user", "question " + std::to_string(awaited_) + " of round " + std::to_string(rounds_)}};
      out.push_back(std::move(r));
    }
    return out;
  }
  void take(Reply reply) override {
    said.push_back(std::to_string(reply.id) + " " + reply.text);
    if (--awaited_ == 0) --rounds_;
  }
  bool done() const override { return rounds_ == 0; }
  void name_model(const std::string& name) override { model = name; }

  std::vector<std::string> said;
  std::string model;

 private:
  int rounds_, width_, awaited_ = 0;
};

Script echoes(std::size_t capacity) {
  Script s;
  s.capacity = capacity;
  s.answer = [](const Request& r) {
    Reply reply;
    reply.text = r.messages[0].content;
    return reply;
  };
  return s;
}

using Tasks = std::vector<std::shared_ptr<Task>>;

// Everything that ends, in the order it does.
Tasks run_out(Runner& runner) {
  Tasks all;
  while (!runner.idle()) {
    const auto ended = runner.pump();
    REQUIRE(ended.ok());
    all.insert(all.end(), ended->begin(), ended->end());
  }
  return all;
}

TEST_CASE("many tasks share a generator, and never more requests than it wants are in flight") {
  auto log = std::make_shared<ScriptLog>();
  auto generator = scripted(echoes(3), log);
  Runner runner(*generator);
  CHECK(runner.wants_more());
  std::vector<std::shared_ptr<Rounds>> asked;
  for (int i = 0; i < 10; ++i) runner.add(asked.emplace_back(std::make_shared<Rounds>()));
  CHECK_FALSE(runner.wants_more());
  CHECK(run_out(runner).size() == 10);
  for (const auto& t : asked) {
    CHECK(t->said == std::vector<std::string>{"0 question 0 of round 1"});
    CHECK(t->model == "scripted");
  }
  CHECK(log->most_in_flight == 3);
}

TEST_CASE("replies carry the task's own numbers, whatever their order, and the next round follows the last reply") {
  Script s = echoes(8);
  s.newest_first = true;
  auto generator = scripted(s);
  Runner runner(*generator);
  const auto task = std::make_shared<Rounds>(2, 3), other = std::make_shared<Rounds>(1, 2);
  runner.add(task);
  runner.add(other);
  const Tasks ended = run_out(runner);
  REQUIRE(ended.size() == 2);
  CHECK(ended[0] == other);
  CHECK(task->said == std::vector<std::string>{"2 question 2 of round 2", "1 question 1 of round 2",
                                               "0 question 0 of round 2", "2 question 2 of round 1",
                                               "1 question 1 of round 1", "0 question 0 of round 1"});
}

TEST_CASE("a request that cannot be made fails its task alone") {
  Script s = echoes(1);
  s.context = 32;
  auto generator = scripted(s);
  Runner runner(*generator);
  const auto good = std::make_shared<Rounds>(), bad = std::make_shared<Rounds>(1'000'000'000);
  runner.add(bad);
  runner.add(good);
  const Tasks ended = run_out(runner);
  REQUIRE(ended.size() == 2);
  REQUIRE(bad->failed);
  CHECK(bad->failed->reason == "too_long");
  CHECK_FALSE(good->failed);
}

TEST_CASE("a cancelled task is not heard of again") {
  auto log = std::make_shared<ScriptLog>();
  auto generator = scripted(echoes(1), log);
  Runner runner(*generator);
  const auto first = std::make_shared<Rounds>(), second = std::make_shared<Rounds>();
  runner.add(first);
  runner.add(second);
  REQUIRE(runner.send().ok());  // the first is in flight, the second waits
  runner.cancel(*first);
  CHECK(log->cancelled == 1);
  const Tasks ended = run_out(runner);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0] == second);
}

TEST_CASE("a nudge makes pump return without a reply") {
  auto generator = scripted(echoes(1));
  Runner runner(*generator);
  runner.add(std::make_shared<Rounds>());
  generator->nudge();
  const auto ended = runner.pump();
  REQUIRE(ended.ok());
  CHECK(ended->empty());
  CHECK_FALSE(runner.idle());
  CHECK(runner.pump()->size() == 1);
}

TEST_CASE("a broken generator ends the runner with its error") {
  Script s = echoes(1);
  s.fail_after = 0;
  auto generator = scripted(s);
  Runner runner(*generator);
  runner.add(std::make_shared<Rounds>());
  CHECK(runner.pump().error().exit == Exit::kResources);
}

}  // namespace
}  // namespace rm::generate
