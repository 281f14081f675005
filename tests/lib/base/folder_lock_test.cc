#include "lib/base/folder_lock.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include "tests/lib/base/temp_folder.h"

using namespace rm;

TEST_CASE("a folder has one holder, is made where it is missing, and is clean afterwards") {
  const tests::TempFolder tmp;
  const std::string folder = tmp.path("a/b");
  std::optional<FolderLock> moved;
  {
    auto lock = lock_folder(folder);
    REQUIRE(lock);
    moved.emplace(*std::move(lock));
  }
  const auto second = lock_folder(folder);
  REQUIRE(!second);
  CHECK(second.error().exit == Exit::kIo);
  CHECK(second.error().reason == "locked");
  CHECK(second.error().where == folder);
  CHECK(lock_folder(tmp.path("a")));  // another folder is free
  moved.reset();
  CHECK(std::filesystem::is_empty(folder));
  CHECK(lock_folder(folder));
}

TEST_CASE("death frees a folder") {
  const tests::TempFolder tmp;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = lock_folder(tmp.path("run"));
    (void)!::write(ready[1], lock ? "1" : "0", 1);
    for (;;) ::pause();
  }
  char got = 0;
  REQUIRE(::read(ready[0], &got, 1) == 1);
  CHECK(got == '1');
  CHECK(lock_folder(tmp.path("run")).error().reason == "locked");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(lock_folder(tmp.path("run")));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("what is in the way of a folder is named") {
  const tests::TempFolder tmp;
  const auto lock = lock_folder(tmp.write("file", "x"));
  REQUIRE(!lock);
  CHECK(lock.error().exit == Exit::kIo);
  CHECK(lock.error().where == tmp.path("file"));
}
