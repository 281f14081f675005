#include "lib/base/child_process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/lib/base/temp_folder.h"

using namespace rm;
using Millis = ChildProcess::Millis;

namespace {

constexpr Millis kLong{20'000};

std::unique_ptr<ChildProcess> start(const std::string& command, std::span<const std::string> environment = {}) {
  auto child = ChildProcess::start(command, environment);
  REQUIRE(child);
  return *std::move(child);
}

// All of its output until it ends, `input` written meanwhile.
std::string talk(ChildProcess& child, std::string_view input = {}) {
  std::string out;
  for (const auto until = std::chrono::steady_clock::now() + kLong; std::chrono::steady_clock::now() < until;) {
    const auto moved = child.exchange(input, out, Millis(50));
    input.remove_prefix(moved.sent);
    if (moved.output_ended) return out;
  }
  FAIL("its output did not end");
  return out;
}

// No such process, or nothing of it but an entry that its parent has not read yet.
bool gone(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string stat;
  std::getline(file, stat);
  const auto name_end = stat.rfind(')');
  return name_end == stat.npos || stat.substr(name_end + 2, 1) == "Z" || stat.substr(name_end + 2, 1) == "X";
}

bool gone_soon(const std::string& pid) {
  for (int i = 0; i < 200 && !gone(pid); ++i) std::this_thread::sleep_for(Millis(10));
  return gone(pid);
}

}  // namespace

TEST_CASE("how a program ended is told in words") {
  struct Row {
    const char *command, *ending;
  };
  for (const Row& r : {Row{"true", "ended with status 0"}, Row{"exit 3", "ended with status 3"},
                       Row{"no-such-program-here 2>&1", "ended with status 127"},
                       Row{"kill -9 $$", "was killed by SIGKILL"}, Row{"kill -SEGV $$", "was killed by SIGSEGV"}}) {
    CAPTURE(std::string(r.command));
    auto child = start(r.command);
    CHECK(child->wait(kLong));
    CHECK(child->ending().empty());
    child->end(Millis(0), Millis(0));
    CHECK(child->ending() == r.ending);
    child->end(Millis(0), Millis(0));
    CHECK(child->ending() == r.ending);
    CHECK(child->ended());
  }
}

TEST_CASE("its output is read whole while it is written to") {
  std::string input;
  for (int i = 0; i < 200'000; ++i) input += std::to_string(i) + "\n";
  auto child = start("head -n 200000 | tee /dev/stderr");  // the errors are taken too, or tee would stand still
  CHECK(talk(*child, input) == input);
  CHECK(child->wait(kLong));
  CHECK(child->last_error_line() == "199999");
}

TEST_CASE("it holds no file of ours, no ignored signal and no blocked one, and leads a group") {
  const tests::TempFolder folder;
  const int left_open =
      ::open(folder.write("open", "").c_str(), O_RDONLY);  // as a library would, without close-on-exec
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto pipe_before = ::signal(SIGPIPE, SIG_IGN);
  auto child =
      start("ls -l /proc/self/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status; echo pid $$; cut -d' ' -f5 /proc/$$/stat");
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGPIPE, pipe_before);
  const std::string out = talk(*child);
  ::close(left_open);
  CAPTURE(out);
  CHECK(out.find(folder.path("open")) == out.npos);
  CHECK(out.find("SigBlk:\t0000000000000000") != out.npos);
  const auto at = out.find("SigIgn:\t");
  REQUIRE(at != out.npos);
  CHECK((std::stoull(out.substr(at + 8, 16), nullptr, 16) & (1u << (SIGPIPE - 1))) == 0);
  const std::string pid = out.substr(out.find("pid ") + 4, out.rfind('\n', out.size() - 2) - out.find("pid ") - 4);
  CHECK(out.ends_with("\n" + pid + "\n"));
}

TEST_CASE("a variable is set where it is not set already") {
  ::setenv("RM_TEST_TAKEN", "ours", 1);
  const std::vector<std::string> environment{"RM_TEST_TAKEN=theirs", "RM_TEST_TAKE=free"};
  CHECK(talk(*start("echo $RM_TEST_TAKEN $RM_TEST_TAKE", environment)) == "ours free\n");
  ::unsetenv("RM_TEST_TAKEN");
}

TEST_CASE("a closed input is told, and is no signal") {
  struct sigaction act {
  }, before{};
  act.sa_handler = SIG_DFL;  // a SIGPIPE would end the test
  ::sigaction(SIGPIPE, &act, &before);
  auto child = start("exec <&-; echo closed; sleep 1000");
  std::string out;
  while (out != "closed\n") child->exchange({}, out, Millis(50));
  const auto moved = child->exchange("x", out, Millis(50));
  CHECK(moved.input_closed);
  CHECK(moved.sent == 0);
  CHECK_FALSE(child->ended());
  ::sigaction(SIGPIPE, &before, nullptr);
}

TEST_CASE("nothing of a program is left") {
  struct Row {
    const char *what, *command, *ending;
  };
  for (const Row& r :
       {Row{"ends with its input", "echo $$; cat", "ended with status 0"},
        Row{"ends on TERM", "trap 'exit 5' TERM; echo $$; while :; do sleep 0.05; done", "ended with status 5"},
        Row{"ignores TERM", "trap '' TERM; echo $$; while :; do sleep 0.05; done", "was killed by SIGKILL"},
        Row{"leaves another behind", "sleep 1000 & echo $!", "ended with status 0"},
        Row{"leaves one behind that ignores TERM", "(trap '' TERM; sleep 1000) & echo $!", "ended with status 0"},
        Row{"floods both pipes", "echo $$; yes | tee /dev/stderr", "was killed by SIGTERM"},
        Row{"is stopped", "echo $$; kill -STOP $$", "was killed by SIGKILL"}}) {
    CAPTURE(std::string(r.what));
    auto child = start(r.command);
    std::string out;
    for (int i = 0; i < 400 && out.find('\n') == out.npos; ++i) child->exchange({}, out, Millis(50));
    const std::string pid = out.substr(0, out.find('\n'));
    REQUIRE(!pid.empty());
    child->end(Millis(500), Millis(500));
    CHECK(child->ending() == r.ending);
    CHECK(gone_soon(pid));
    child.reset();
  }
}

TEST_CASE("a program goes with its object") {
  auto child = start("echo $$; exec sleep 1000");
  std::string out;
  while (out.find('\n') == out.npos) child->exchange({}, out, Millis(50));
  child.reset();
  CHECK_FALSE(std::filesystem::exists("/proc/" + out.substr(0, out.find('\n'))));  // no zombie either
}

TEST_CASE("a status that somebody else took is no wait without end") {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  auto child = start("cat");
  CHECK_FALSE(child->ended());
  child->end(kLong, kLong);
  CHECK(child->ended());
  CHECK(child->ending() == "ended");
  ::signal(SIGCHLD, before);
}

TEST_CASE("the last line of its errors is kept and safe to show") {
  struct Row {
    const char *command, *line;
  };
  for (const Row& r : {Row{":", ""}, Row{"printf '\\n \\n'", ""}, Row{"echo one; echo two", "two"},
                       Row{"printf 'one\\n  two \\r\\n\\n'", "two"}, Row{"printf 'no newline'", "no newline"},
                       Row{"printf '50%%\\r100%%'", "100%"}, Row{"printf 'a\\033[31m\\377'", "a\\x1b[31m\\xff"},
                       Row{"yes '' | head -c 100000; echo end", "end"}}) {
    CAPTURE(std::string(r.command));
    auto child = start("{ " + std::string(r.command) + "; } >&2");
    CHECK(child->wait(kLong));
    child->end(Millis(0), Millis(0));
    CHECK(child->last_error_line() == r.line);
  }
  auto child = start("yes x | tr -d '\\n' | head -c 1000000 >&2");
  CHECK(child->wait(kLong));
  child->end(Millis(0), Millis(0));
  CHECK(child->last_error_line() == std::string(300, 'x') + "...");
}
