// The file of a run that is stopped, killed and gone on with.
#include "lib/metrics/log.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/base/temp_folder.h"

namespace rm::metrics {
namespace {

using tests::slurp;
using tests::TempFolder;

constexpr const char* kLines =
    "{\"step\":1,\"loss\":3}\n{\"step\":2,\"loss\":2}\n{\"step\":2,\"val_loss\":2.5}\n{\"step\":3,\"loss\":1}\n";

TEST_CASE("each line is in the file when write returns") {
  TempFolder t;
  auto log = Log::open(t.path("m.jsonl"));
  REQUIRE(log.ok());
  REQUIRE(log->write(Record(1).add("loss", 3.0)).ok());
  CHECK(slurp(t.path("m.jsonl")) == "{\"step\":1,\"loss\":3}\n");
  REQUIRE(log->write(Record(2).add("loss", 2.0)).ok());
  CHECK(slurp(t.path("m.jsonl")) == "{\"step\":1,\"loss\":3}\n{\"step\":2,\"loss\":2}\n");
  CHECK(log->sync().ok());
  CHECK(Log::open(t.path("m.jsonl")).error().reason == "locked");
  CHECK(log->close().ok());
}

TEST_CASE("a run that goes on keeps the lines up to its step and nothing torn") {
  struct Row {
    std::string before;
    std::optional<std::int64_t> resumed;
    std::size_t kept;  // lines of kLines
  };
  const std::string all = kLines;
  std::vector<std::size_t> ends{0};  // of so many lines
  for (std::size_t at = 0; (at = all.find('\n', at)) != all.npos;) ends.push_back(++at);
  for (const Row& r : {Row{all, std::nullopt, 0}, Row{all, 0, 0}, Row{all, 1, 1}, Row{all, 2, 3}, Row{all, 3, 4},
                       Row{all, 99, 4}, Row{"", 5, 0}, Row{all + "{\"step\":4,\"lo", 9, 4},  // torn inside
                       Row{all + "{\"step\":4}", 9, 4},                    // whole, but for its newline
                       Row{all + "{\"step\":4}\n{\"step\":", 3, 4},        // torn beyond what stays
                       Row{all + "{\"step\":9}\nanything\n\xFF\n", 3, 4},  // nobody looks beyond
                       Row{all + "\n", 3, 4}}) {
    CAPTURE(r.before);
    TempFolder t;
    t.write("m.jsonl", r.before);
    auto log = Log::open(t.path("m.jsonl"), r.resumed);
    REQUIRE(log.ok());
    REQUIRE(log->write(Record(100)).ok());
    REQUIRE(log->close().ok());
    CHECK(slurp(t.path("m.jsonl")) == all.substr(0, ends[r.kept]) + "{\"step\":100}\n");
  }
}

TEST_CASE("a run that goes on knows the last validation that was kept") {
  TempFolder t;
  struct Row {
    std::int64_t resumed;
    std::optional<std::int64_t> validated;
  };
  for (const Row& r : {Row{1, std::nullopt}, Row{2, 2}, Row{3, 2}, Row{0, std::nullopt}}) {
    t.write("m.jsonl", kLines);
    const auto log = Log::open(t.path("m.jsonl"), r.resumed);
    REQUIRE(log.ok());
    CHECK(log->validated() == r.validated);
  }
  t.write("m.jsonl", kLines);
  CHECK(!Log::open(t.path("m.jsonl"))->validated());  // a new run
  t.write("m.jsonl",
          "{\"step\":1,\"reward_mean\":0}\n{\"step\":1,\"val_parsed\":0.5}\n{\"step\":2,\"interval_low\":1}\n");
  CHECK(Log::open(t.path("m.jsonl"), 2)->validated() == 1);  // whatever it validates
}

TEST_CASE("lines of other kinds go through a log, and are cut like figures") {
  TempFolder t;
  {
    auto log = Log::open(t.path("r.jsonl"));
    REQUIRE(log.ok());
    REQUIRE(log->write(R"({"step":1,"reply":"x"})").ok());
    REQUIRE(log->write(R"({"step":3,"reply":"y"})").ok());
    REQUIRE(log->close().ok());
  }
  auto log = Log::open(t.path("r.jsonl"), 2);
  REQUIRE(log.ok());
  REQUIRE(log->close().ok());
  CHECK(slurp(t.path("r.jsonl")) == "{\"step\":1,\"reply\":\"x\"}\n");
}

TEST_CASE("a file that is no metrics is not cut") {
  for (const char* text : {"{\"prompt\":\"x\"}\n", "{\"step\":1.5}\n", "{\"step\":null}\n", "hello\n{\"step\":1}\n",
                           "[1]\n", "{\"step\":1}\n{\"step\":\"2\"}\n"}) {
    CAPTURE(text);
    TempFolder t;
    t.write("m.jsonl", text);
    const auto log = Log::open(t.path("m.jsonl"), 5);
    REQUIRE_FALSE(log.ok());
    CHECK(log.error().exit == Exit::kInput);
    CHECK(log.error().where.find("m.jsonl:") != std::string::npos);
    CHECK(slurp(t.path("m.jsonl")) == text);
  }
}

TEST_CASE("a missing file is begun, a compressed one cannot be gone on with") {
  TempFolder t;
  CHECK(Log::open(t.path("new.jsonl"), 5).ok());
  CHECK(Log::open(t.path("m.jsonl.zst"), 5).error().exit == Exit::kUsage);
  CHECK(Log::open(t.path("no/m.jsonl")).error().exit == Exit::kIo);
  auto full = Log::open("/dev/full", 5);
  REQUIRE(full.ok());
  CHECK(full->write(Record(1)).error().reason == "disk_full");
}

// A child writes steps 1, 2, ... and is killed; what is there is a prefix of it, and going on from any of its steps works.
TEST_CASE("killed at any moment, the file is a prefix of what was to be written") {
  TempFolder t;
  const std::string path = t.path("m.jsonl");
  std::int64_t from = 0;
  for (int round = 0; round < 15; ++round) {
    CAPTURE(round);
    const pid_t pid = ::fork();
    if (pid == 0) {
      auto log = Log::open(path, from);
      for (std::int64_t step = from + 1; log.ok(); ++step) (void)log->write(Record(step).add("loss", 0.5)).ok();
      ::_exit(1);
    }
    ::usleep(static_cast<useconds_t>(1000 + 700 * round));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    std::string want;
    const std::string got = slurp(path);
    std::int64_t steps = 0;
    while (want.size() < got.size()) want += Record(++steps).add("loss", 0.5).json() + "\n";
    CHECK(got == want.substr(0, got.size()));
    from = steps / 2;
  }
  CHECK(from > 0);
}

}  // namespace
}  // namespace rm::metrics
