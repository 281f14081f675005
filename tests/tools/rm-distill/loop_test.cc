// What cli::Loop promises to any work: notes, failures with fields of the work's own, an end that the work asks for.
#include "tools/cli/loop.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>

#include "lib/generate/scripted.h"

using namespace rm;

namespace {

class Question final : public generate::Task {
 public:
  explicit Question(std::string text) : text_(std::move(text)) {}
  std::vector<generate::Request> next() override {
    if (sent_) return {};
    sent_ = true;
    generate::Request r;
    r.messages = {{"user", text_}};
    return {r};
  }
  void take(generate::Reply r) override {
    if (r.error) {
      failed = r.error;
    } else {
      reply = r.text;
    }
  }
  bool done() const override { return reply.has_value(); }
  void name_model(const std::string&) override {}
  std::optional<std::string> reply;

 private:
  std::string text_;
  bool sent_ = false;
};

// Asks what a record's "ask" says; records with "pass" go out at once.
class Asking final : public cli::Work {
 public:
  Result<cli::Begun> begin(const records::Line& line, const json::Value& record) override {
    if (record.find("pass")) return cli::Begun{nullptr, {line.text, "", [this] { order += 'p'; }}};
    ++begun;
    return cli::Begun{std::make_shared<Question>(std::string(*record.find("ask")->string())), {}};
  }
  Result<cli::Finished> finish(const records::Line& line, generate::Task& task) override {
    const std::string& text = *static_cast<Question&>(task).reply;
    ++finished;
    if (text == "bad") return make_error(Exit::kInput, "unreadable", "the reply cannot be read");
    if (text == "fatal") return make_error(Exit::kIo, "io", "no disk");
    return cli::Finished{line.text + " " + text, text == "odd" ? "is odd" : "", [this] { order += 'a'; }};
  }
  std::vector<records::Field> failure_fields(const generate::Task* task) override {
    if (task == nullptr) return {};
    return {{"mine", "1"}};
  }
  void count_failure(const Error& e) override { order += "[" + e.reason + "]"; }
  std::optional<Error> enough() const override {
    if (limit == 0 || begun < limit) return std::nullopt;
    return make_error(Exit::kStopped, "budget", "enough");
  }

  int begun = 0, finished = 0, limit = 0;
  std::string order;
};

struct Ran {
  cli::Outcome outcome;
  std::vector<std::string> lines, messages;
};

Ran run(const std::string& input, Asking& work, cli::LoopOptions o = {}) {
  char name[] = "/tmp/rm-loop-test-XXXXXX";
  const std::string folder = mkdtemp(name), in_path = folder + "/in", out_path = folder + "/out";
  std::ofstream(in_path) << input;
  generate::Script s;
  s.newest_first = true;
  s.answer = [](const generate::Request& r) {
    generate::Reply reply;
    reply.text = r.messages[0].content;
    if (reply.text == "refused") reply.error = make_error(Exit::kInput, "refused", "no");
    return reply;
  };
  auto generator = generate::scripted(s);
  auto lines = records::Lines::open(in_path);
  auto out = records::Writer::open(out_path);
  REQUIRE(lines.ok());
  REQUIRE(out.ok());
  Ran r;
  {
    records::ReadAhead in(std::move(*lines));
    cli::Loop loop(in, *out, generator.get(), work, o, nullptr);
    r.outcome = loop.run([&](const std::string& m) { r.messages.push_back(m); });
  }
  REQUIRE(out->close().ok());
  std::ifstream back(out_path);
  for (std::string line; std::getline(back, line);) r.lines.push_back(line);
  for (const std::string& path : {in_path, out_path}) unlink(path.c_str());
  rmdir(folder.c_str());
  return r;
}

}  // namespace

TEST_CASE("lines come out in order, asked or passed on, and are counted as they are written") {
  Asking work;
  const Ran r = run("{\"ask\":\"x\"}\n{\"pass\":1}\n{\"ask\":\"odd\"}\n", work);
  CHECK(r.lines == std::vector<std::string>{"{\"ask\":\"x\"} x", "{\"pass\":1}", "{\"ask\":\"odd\"} odd"});
  CHECK(work.order == "apa");
  REQUIRE(r.messages.size() == 1);
  CHECK(r.messages[0].ends_with("in:3: is odd"));
  CHECK(r.outcome.records == 3);
  CHECK(r.outcome.failed == 0);
}

TEST_CASE("a reply that the work cannot use, and one that never came, are failures with the work's own fields") {
  Asking work;
  const Ran r = run("{\"ask\":\"bad\"}\n{broken\n{\"ask\":\"refused\"}\n{\"ask\":\"x\"}\n", work);
  REQUIRE(r.lines.size() == 4);
  CHECK(r.lines[0].find("\"code\":\"unreadable\"") != std::string::npos);
  CHECK(r.lines[0].ends_with(",\"mine\":1}"));
  CHECK(r.lines[1].find("\"mine\"") == std::string::npos);
  CHECK(r.lines[2].find("\"code\":\"refused\"") != std::string::npos);
  CHECK(r.lines[2].ends_with(",\"mine\":1}"));
  CHECK(work.order == "[unreadable][bad_json][refused]a");
  CHECK(r.outcome.failed == 3);
}

TEST_CASE("an error that is no record's ends the run") {
  Asking work;
  const Ran r = run("{\"ask\":\"x\"}\n{\"ask\":\"fatal\"}\n{\"ask\":\"x\"}\n", work);
  REQUIRE(r.outcome.error);
  CHECK(r.outcome.error->exit == Exit::kIo);
}

TEST_CASE("where the work has enough, what was begun is finished and written before the run ends") {
  std::string input;
  for (int i = 0; i < 9; ++i) input += "{\"ask\":\"x\"}\n";
  Asking work;
  work.limit = 3;
  const Ran r = run(input, work);
  REQUIRE(r.outcome.error);
  CHECK(r.outcome.error->reason == "budget");
  CHECK(work.begun == 3);
  CHECK(work.finished == 3);
  CHECK(r.lines.size() == 3);
  Asking exact;
  exact.limit = 9;  // reached by the last record: nothing is left to refuse
  CHECK_FALSE(run(input, exact).outcome.error);
}
