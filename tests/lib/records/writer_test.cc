#include "lib/records/writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "lib/records/failure.h"
#include "lib/records/lines.h"
#include "lib/records/resume.h"
#include "lib/records/splice.h"
#include "tests/lib/base/temp_folder.h"

namespace {

using rm::Exit;
using rm::records::Line;
using rm::records::Lines;
using rm::records::own_fields;
using rm::records::Writer;
using rm::tests::slurp;
using rm::tests::TempFolder;

// Processes what is left of `in` as a tool would: every record gets a field, every bad line a failure.
std::string answer(const Line& line) {
  rm::json::Document doc;
  if (const auto v = rm::records::parse_line(doc, line, "in"); !v) return rm::records::failure(line, v.error());
  const rm::records::Field f{"judgment", "{\"line\":" + std::to_string(line.number) + "}"};
  return rm::records::splice(line.text, {&f, 1});
}

constexpr const char* kInput = "{\"a\":1}\n{broken\n\n{\"a\":1}\n{\"a\":2,\"judgment\":0}\n\xFF\xFE\xFD\n{\"a\":3}";

std::string run(const std::string& in_path, const std::string& out_path, std::uint64_t keep, std::uint64_t skip) {
  auto in = Lines::open(in_path);
  Line line;
  for (; skip > 0; --skip) REQUIRE(*in->next(line));
  auto out = Writer::open(out_path, {.keep = keep, .input = in_path});
  REQUIRE(out.ok());
  while (*in->next(line)) REQUIRE(out->write(answer(line)).ok());
  REQUIRE(out->close().ok());
  return slurp(out_path);
}

}  // namespace

TEST_CASE("the suffix of the output chooses its compression and readers get the same lines") {
  TempFolder t;
  for (const char* name : {"o.jsonl", "o.jsonl.zst", "o.jsonl.gz"}) {
    CAPTURE(name);
    auto w = Writer::open(t.path(name));
    REQUIRE(w.ok());
    for (int i = 0; i < 50000; ++i) REQUIRE(w->write("{\"i\":" + std::to_string(i) + "}").ok());
    CHECK(w->flush().ok());
    CHECK(w->write("{\"last\":1}").ok());
    CHECK(w->close().ok());
    CHECK(w->lines() == 50001);
    auto in = Lines::open(t.path(name));
    Line line;
    std::size_t n = 0;
    while (*in->next(line)) ++n;
    CHECK(n == 50001);
    CHECK(line.terminated == false);
  }
  CHECK(slurp(t.path("o.jsonl.zst")).substr(0, 4) == "\x28\xB5\x2F\xFD");
  CHECK(slurp(t.path("o.jsonl.gz")).substr(0, 2) == "\x1F\x8B");
}

TEST_CASE("what was flushed of a compressed file can be read before its end") {
  TempFolder t;
  for (const char* name : {"o.zst", "o.gz"}) {
    auto w = Writer::open(t.path(name));
    REQUIRE(w->write("{\"a\":1}").ok());
    REQUIRE(w->flush().ok());
    auto in = Lines::open(t.path(name));
    Line line;
    REQUIRE(*in->next(line));
    CHECK(line.text == "{\"a\":1}");
    CHECK(in->next(line).error().reason == "truncated_frame");
  }
}

TEST_CASE("a file is written within a second, a pipe at once") {
  TempFolder t;
  auto w = Writer::open(t.path("o"));
  REQUIRE(w->write("a").ok());
  REQUIRE(w->write("b").ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(1050));
  REQUIRE(w->tick().ok());
  CHECK(slurp(t.path("o")) == "a\nb\n");
  ::mkfifo(t.path("p").c_str(), 0600);
  const int reader = ::open(t.path("p").c_str(), O_RDONLY | O_NONBLOCK);
  auto p = Writer::open(t.path("p"));
  REQUIRE(p.ok());
  for (const char* text : {"one", "two"}) {
    REQUIRE(p->write(text).ok());
    char buffer[16] = "";
    CHECK(::read(reader, buffer, sizeof buffer) == 4);
  }
  ::signal(SIGPIPE, SIG_IGN);
  ::close(reader);
  CHECK(p->write("three").error().exit == Exit::kReaderGone);
  CHECK(p->close().error().exit == Exit::kReaderGone);
}

TEST_CASE("a full disk is reported by the write that met it") {
  auto w = Writer::open("/dev/full");
  REQUIRE(w.ok());
  const auto r = w->write("{}");
  REQUIRE_FALSE(r.ok());
  CHECK(r.error().exit == Exit::kIo);
  CHECK(r.error().reason == "disk_full");
  CHECK(r.error().text().find("/dev/full: cannot write: No space left on device (after byte 0), in record 1") == 0);
  CHECK_FALSE(w->close().ok());
}

TEST_CASE("the input is never written over") {
  TempFolder t;
  const std::string path = t.write("f", "{}\n");
  ::symlink(path.c_str(), t.path("link").c_str());
  for (const std::string& out : {path, t.path("link")}) {
    const auto w = Writer::open(out, {.input = path});
    REQUIRE_FALSE(w.ok());
    CHECK(w.error().exit == Exit::kUsage);
  }
  CHECK(slurp(path) == "{}\n");
  CHECK(Writer::open("/dev/null", {.input = "/dev/null"}).ok());
  CHECK(Writer::open(t.path("no/where")).error().exit == Exit::kIo);
  CHECK(Writer::open(t.path("x.zst"), {.keep = 3}).error().exit == Exit::kUsage);
}

TEST_CASE("an output cut at any byte is continued to the same bytes") {
  TempFolder t;
  const std::string in_path = t.write("in", kInput);
  const std::string whole = run(in_path, t.path("out"), 0, 0);
  CHECK(std::count(whole.begin(), whole.end(), '\n') == 6);
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    CAPTURE(n);
    t.write("out", whole.substr(0, n));
    auto in = Lines::open(in_path);
    const auto r = rm::records::resume(t.path("out"), *in, own_fields());
    REQUIRE_MESSAGE(r.ok(), r.error().text());
    CHECK(r->lines ==
          static_cast<std::uint64_t>(std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n), '\n')));
    CHECK(r->torn == (n > r->keep));
    Line line;
    auto out = Writer::open(t.path("out"), {.keep = r->keep, .lines = r->lines, .input = in_path});
    while (*in->next(line)) REQUIRE(out->write(answer(line)).ok());
    REQUIRE(out->flush().ok());  // close() would wait for the disk each time
    CHECK(slurp(t.path("out")) == whole);
    if (n == whole.size()) CHECK(r->failed == 2);
  }
}

TEST_CASE("a run killed at a random moment resumes to the same bytes") {
  TempFolder t;
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "{\"prompt\":\"" + std::to_string(i) + "\"}\n";
  const std::string in_path = t.write("in", text);
  const std::string whole = run(in_path, t.path("whole"), 0, 0);
  for (int round = 0; round < 5; ++round) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      auto in = Lines::open(in_path);
      const auto r = rm::records::resume(t.path("out"), *in, own_fields());
      if (!r) ::_exit(9);
      auto out = Writer::open(t.path("out"), {.keep = r->keep});
      Line line;
      for (int n = 0; *in->next(line); ++n) {
        if (!out->write(answer(line)).ok()) ::_exit(9);
        if (n % 16 == 0 && !out->flush().ok()) ::_exit(9);
      }
      ::_exit(out->close().ok() ? 0 : 9);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + 7 * round));
    ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    CHECK_FALSE((WIFEXITED(status) && WEXITSTATUS(status) == 9));
  }
  auto in = Lines::open(in_path);
  const auto r = rm::records::resume(t.path("out"), *in, own_fields());
  REQUIRE(r.ok());
  auto out = Writer::open(t.path("out"), {.keep = r->keep});
  Line line;
  while (*in->next(line)) REQUIRE(out->write(answer(line)).ok());
  REQUIRE(out->close().ok());
  CHECK_UNARY(slurp(t.path("out")) == whole);
}

TEST_CASE("an output of another input is not continued") {
  TempFolder t;
  struct Row {
    const char* out;
    const char* part;
  };
  for (const Row& r : {Row{"{\"a\":9,\"judgment\":{}}\n", ":1: does not answer line 1"},
                       Row{"{\"a\":1}\n{\"a\":1}\n", ":2: does not answer line 2"},
                       Row{"{\"a\":1}\nrubbish\n{\"a\":1}\n", ":2: is no whole record"}}) {
    CAPTURE(r.out);
    auto in = Lines::open(t.write("in", kInput));
    const auto got = rm::records::resume(t.write("out", r.out), *in, own_fields());
    REQUIRE_FALSE(got.ok());
    CHECK(got.error().exit == Exit::kInput);
    CHECK(got.error().reason == "resume_mismatch");
    CHECK_MESSAGE(got.error().text().find(r.part) != std::string::npos, got.error().text());
  }
  auto shorter = Lines::open(t.write("in", "{\"a\":1}\n"));
  CHECK(rm::records::resume(t.write("out", "{\"a\":1}\n{\"a\":1}\n"), *shorter, own_fields())
            .error()
            .message.find("answers no record") == 0);
}

TEST_CASE("skipped records leave gaps that resuming steps over") {
  TempFolder t;
  auto in = Lines::open(t.write("in", kInput));
  const auto r = rm::records::resume(t.write("out", "{\"a\":1}\n{\"a\":2,\"judgment\":{}}\n"), *in, own_fields(), true);
  REQUIRE(r.ok());
  CHECK(r->lines == 2);
  Line line;
  REQUIRE(*in->next(line));
  CHECK(line.number == 6);
}

TEST_CASE("only a plain named file is resumed") {
  TempFolder t;
  auto in = Lines::open(t.write("in", "{}"));
  for (const std::string& out : {std::string("-"), t.path("o.zst"), t.path("o.gz")}) {
    CHECK(rm::records::resume(out, *in, own_fields()).error().exit == Exit::kUsage);
  }
  CHECK(rm::records::resume(t.path("none"), *in, own_fields())->keep == 0);
}
