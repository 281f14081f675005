// What the tests of writing share: whole files, lists of folders, models that others saved, a disk that ends.
#pragma once

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "tests/lib/weightfile/model_builder.h"

namespace rm::weightfile::testing {

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Names in a folder, sorted.
inline std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& e : std::filesystem::directory_iterator(folder)) out.push_back(e.path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

// A pack of tests/golden/model (goldens/model_packs.py), unpacked into `into`; its folder.
inline std::string unpack(const TempFolder& into, const std::string& name) {
  const std::string pack = std::string(RM_SOURCE_DIR) + "/tests/golden/model/" + name + ".tar.gz";
  REQUIRE(std::filesystem::exists(pack));
  REQUIRE(std::system(("tar -xzf '" + pack + "' -C '" + into.path() + "'").c_str()) == 0);
  return into.at(name);
}

// The exit status of a child whose files may have at most `bytes`.
inline int with_file_limit(std::uint64_t bytes, const std::function<int()>& f) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(f());
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace rm::weightfile::testing
