// Descriptors and files against what systems do: closed standard streams, short counts, full disks, gone readers.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <thread>

#include "lib/base/append_file.h"
#include "lib/base/atomic_file.h"
#include "lib/base/fd.h"
#include "lib/base/folders.h"
#include "lib/base/signals.h"
#include "tests/lib/base/temp_folder.h"

namespace {

using rm::Exit;
using rm::tests::slurp;
using rm::tests::TempFolder;
namespace fd = rm::fd;

// Runs in a child, so that closed descriptors and signals stay there; its exit status.
int in_child(const std::function<int()>& f) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(f());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("closed standard streams fail when used and are never given to a file") {
  TempFolder t;
  const std::string path = t.write("a", "x");
  CHECK(in_child([&] {
          for (int n : {0, 1, 2}) ::close(n);
          fd::guard_standard();
          char c = 0;
          const auto in = fd::read_some(0, {&c, 1}, "");
          if (in.ok() || in.error().exit != Exit::kIo) return 1;
          if (fd::write_all(1, "x", "").ok() || fd::write_all(2, "x", "").ok()) return 2;
          const auto file = fd::open_read(path);
          return file && file->number() > 2 ? 0 : 3;
        }) == 0);
}

TEST_CASE("opening says what stands in the way") {
  TempFolder t;
  CHECK(fd::open_read(t.path("none")).error().reason == "no_file");
  CHECK(fd::open_read(t.path("none")).error().exit == Exit::kInput);
  CHECK(fd::open_read(t.path("")).error().message.find("folder") != std::string::npos);
  CHECK(fd::open_write(t.path("no/where"), fd::Create::kTruncate).error().exit == Exit::kIo);
  const std::string path = t.write("big", std::string(100, 'x'));
  CHECK(fd::read_file(path, 99, Exit::kModel).error().exit == Exit::kModel);
  CHECK(*fd::read_file(path, 100) == std::string(100, 'x'));
  CHECK(fd::read_file("/dev/zero", 1000).error().reason == "too_large");
}

TEST_CASE("read_at reports a file that ends early") {
  TempFolder t;
  const std::string path = t.write("f", "0123456789");
  auto file = fd::open_read(path);
  std::array<std::byte, 4> into{};
  CHECK(fd::read_at(file->number(), 6, into, path).ok());
  CHECK(static_cast<char>(into[3]) == '9');
  const auto r = fd::read_at(file->number(), 7, into, path);
  CHECK(r.error().exit == Exit::kModel);
  CHECK(r.error().reason == "truncated");
}

TEST_CASE("a write survives a slow, non-blocking pipe under a storm of signals") {
  int p[2];
  REQUIRE(::pipe(p) == 0);
  ::fcntl(p[1], F_SETFL, O_NONBLOCK);
  struct sigaction old {
  }, act{};
  act.sa_handler = [](int) {};  // without SA_RESTART: every call may return EINTR
  ::sigaction(SIGALRM, &act, &old);
  const std::string data(3u << 20, 'x');
  std::size_t got = 0;
  std::thread reader([&] {
    char buffer[777];
    for (;;) {
      const auto n = fd::read_some(p[0], buffer, "pipe");
      if (!n || *n == 0) break;
      got += *n;
    }
  });
  itimerval every{{0, 100}, {0, 100}};
  ::setitimer(ITIMER_REAL, &every, nullptr);
  const bool ok = fd::write_all(p[1], data, "pipe").ok();
  every = {};
  ::setitimer(ITIMER_REAL, &every, nullptr);
  ::close(p[1]);
  reader.join();
  ::close(p[0]);
  ::sigaction(SIGALRM, &old, nullptr);
  CHECK(ok);
  CHECK(got == data.size());
}

TEST_CASE("a reader who went away is its own exit code, a full disk is named") {
  ::signal(SIGPIPE, SIG_IGN);
  int p[2];
  REQUIRE(::pipe(p) == 0);
  ::close(p[0]);
  CHECK(fd::write_all(p[1], "x", "out").error().exit == Exit::kReaderGone);
  ::close(p[1]);
  auto full = fd::open_write("/dev/full", fd::Create::kAppend);
  REQUIRE(full.ok());
  const auto r = fd::write_all(full->number(), "x", "/dev/full");
  CHECK(r.error().exit == Exit::kIo);
  CHECK(r.error().reason == "disk_full");
}

TEST_CASE("a waiting read notices a stop") {
  int p[2];
  REQUIRE(::pipe(p) == 0);
  std::thread stopper([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    rm::signals::request_stop(Exit::kStopped);
  });
  char c = 0;
  const auto r = fd::read_some(p[0], {&c, 1}, "pipe");
  stopper.join();
  rm::signals::request_stop(Exit::kDone);
  CHECK(r.error().exit == Exit::kStopped);
  ::close(p[0]);
  ::close(p[1]);
}

TEST_CASE("a named pipe is waited for until its writer comes") {
  TempFolder t;
  REQUIRE(::mkfifo(t.path("p").c_str(), 0600) == 0);
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const auto out = fd::open_write(t.path("p"), fd::Create::kAppend);
    CHECK(fd::write_all(out->number(), "late", "p").ok());
  });
  const auto text = fd::read_file(t.path("p"), 100);
  writer.join();
  REQUIRE(text.ok());
  CHECK(*text == "late");
}

TEST_CASE("signals set the flag once and kill the second time") {
  CHECK(in_child([] {
          rm::signals::install();
          ::raise(SIGTERM);
          return rm::signals::stop_exit() == Exit::kStopped ? 0 : 1;
        }) == 0);
  CHECK(in_child([] {
          rm::signals::install();
          ::raise(SIGINT);
          return static_cast<int>(rm::signals::stop_exit());
        }) == 130);
  CHECK(in_child([] {
          rm::signals::install();
          ::raise(SIGUSR1);
          ::raise(SIGTERM);
          return 0;
        }) == 128 + SIGTERM);
}

TEST_CASE("an atomic file appears complete or not at all") {
  TempFolder t;
  const std::string path = t.write("f", "old");
  {
    auto file = rm::AtomicFile::create(path);
    REQUIRE(file.ok());
    CHECK(file->write("new").ok());
    CHECK(slurp(path) == "old");
  }
  CHECK(slurp(path) == "old");
  CHECK(t.files() == 1);
  CHECK(rm::write_file_atomically(path, "new").ok());
  CHECK(slurp(path) == "new");
  CHECK(t.files() == 1);
  CHECK(rm::write_file_atomically(t.path("no/f"), "x").error().exit == Exit::kIo);
  CHECK_FALSE(rm::write_file_atomically(t.path(""), "x").ok());
  CHECK(t.files() == 1);
}

TEST_CASE("an append file keeps what it is told to and refuses a second writer") {
  TempFolder t;
  const std::string path = t.write("f", "one\ntwo\nto");
  auto a = rm::AppendFile::open(path, 8);
  REQUIRE(a.ok());
  CHECK(rm::AppendFile::open(path, 0).error().reason == "locked");
  CHECK(slurp(path) == "one\ntwo\n");
  CHECK(a->append("three\n").ok());
  CHECK(a->size() == 14);
  CHECK(a->close().ok());
  CHECK(slurp(path) == "one\ntwo\nthree\n");
  CHECK(rm::AppendFile::open(path, 100).error().exit == Exit::kIo);
  auto full = rm::AppendFile::open("/dev/full", 0);
  REQUIRE(full.ok());
  CHECK(full->append("x").error().reason == "disk_full");
}

TEST_CASE("folders are made with their parents; a file in the way is named") {
  TempFolder t;
  CHECK(rm::make_folder(t.path("a/b//c/")).ok());
  CHECK(rm::make_folder(t.path("a/b/c")).ok());
  CHECK(fd::kind_of_path(t.path("a/b/c"))->folder);
  t.write("f", "x");
  for (const char* path : {"f", "f/g"}) {
    const auto made = rm::make_folder(t.path(path));
    REQUIRE(!made.ok());
    CHECK(made.error().exit == Exit::kIo);
    CHECK(made.error().text() == t.path("f") + ": is a file; expected a folder, or a name not yet taken");
  }
  CHECK(*rm::remove_file(t.path("f")));
  CHECK(!*rm::remove_file(t.path("f")));
  CHECK(rm::remove_file(t.path("a")).error().exit == Exit::kIo);
  CHECK(rm::sync_folder(t.path("a")).ok());
  CHECK(rm::sync_folder(t.path("nowhere")).ok());
  t.write("g", "x");
  CHECK(rm::sync_folder(t.path("g")).error().where == t.path("g"));  // no folder: its names cannot be made safe
  struct Row {
    const char *path, *parent;
  };
  for (const Row& r : {Row{"a", "."}, Row{"/a", "/"}, Row{"a/b", "a"}, Row{"/a/b/c", "/a/b"}})
    CHECK(rm::parent_folder(r.path) == r.parent);
}

TEST_CASE("room for a file is reserved without making it longer") {
  TempFolder t;
  auto file = rm::AtomicFile::create(t.path("f"));
  REQUIRE(file.ok());
  CHECK(file->reserve(1 << 20).ok());
  CHECK(file->write("short").ok());
  CHECK(file->commit().ok());
  CHECK(slurp(t.path("f")) == "short");
}
