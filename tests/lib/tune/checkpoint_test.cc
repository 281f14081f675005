#include "lib/tune/checkpoint.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "lib/tune/manifest.h"
#include "tests/fault/content.h"
#include "tests/lib/base/temp_folder.h"

using namespace rm;
using namespace rm::tune;
namespace fs = std::filesystem;

namespace {

Result<void> save(const std::string& folder, std::int64_t step, std::int64_t keep = 0,
                  std::uint64_t file_bytes = kCheckpointFileBytes) {
  const auto tensors = tests::content_tensors();
  return save_checkpoint(folder, tests::content_facts(step), tensors, tests::content_reader(step), keep, file_bytes);
}

struct Newest {
  std::int64_t step = -1;  // -1: none
  std::string error, fault;
  std::vector<std::string> notices;
};

Newest newest(const std::string& folder) {
  Newest out;
  const auto found = newest_checkpoint(folder, [&](const std::string& s) { out.notices.push_back(s); });
  if (!found) {
    out.error = found.error().text();
    CHECK(found.error().exit == Exit::kModel);
  } else if (*found) {
    out.step = (*found)->facts.step;
    out.fault = tests::content_fault(**found);
  }
  return out;
}

std::string names(const std::string& folder) {
  std::vector<std::string> all;
  for (const auto& e : fs::directory_iterator(folder)) all.push_back(e.path().filename().string());
  std::sort(all.begin(), all.end());
  std::string out;
  for (const std::string& n : all) out += (out.empty() ? "" : " ") + n;
  return out;
}

void flip(const std::string& path, std::size_t byte, int bit) {
  std::string data = tests::slurp(path);
  data[byte] = static_cast<char>(data[byte] ^ (1 << bit));
  std::ofstream(path, std::ios::binary) << data;
}

}  // namespace

TEST_CASE("what is saved is what is loaded, however it was cut into files") {
  struct Row {
    std::uint64_t file_bytes;
    std::size_t files;
  };
  // 12 tensors: 3 slots of 3904, 2304, 64 and 4 bytes.
  for (const Row& r : {Row{kCheckpointFileBytes, 1}, Row{7000, 3}, Row{4000, 6}, Row{1000, 24}}) {
    CAPTURE(r.file_bytes);
    const tests::TempFolder tmp;
    const std::string folder = tmp.path("run/checkpoints");
    REQUIRE(save(folder, 7, 0, r.file_bytes));
    CHECK(names(folder) == "step-00000007");
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& e : fs::directory_iterator(folder + "/step-00000007")) ++files;
    CHECK(files == r.files + 1);
    const Newest n = newest(folder);
    CHECK(n.step == 7);
    CHECK(n.fault == "");
    CHECK(n.notices.empty());
  }
}

TEST_CASE("the newest ones are kept, the same step is replaced, unfinished ones go") {
  const tests::TempFolder tmp;
  const std::string folder = tmp.path("c");
  CHECK(newest(folder).step == -1);
  for (const std::int64_t step : {1, 2, 3}) REQUIRE(save(folder, step, 2));
  CHECK(names(folder) == "step-00000002 step-00000003");
  fs::create_directories(folder + "/step-00000004.partial/deeper");
  fs::create_directory(folder + "/mine.partial");
  REQUIRE(save(folder, 3, 2));
  CHECK(names(folder) == "mine.partial step-00000002 step-00000003");
  CHECK(newest(folder).fault == "");
  REQUIRE(save(folder, 5, 1));
  REQUIRE(save(folder, 4, 1));  // the run went back behind step 5
  CHECK(names(folder) == "mine.partial step-00000004");
  CHECK(newest(folder).step == 4);
}

TEST_CASE("a flipped bit in any file is said aloud and the one before is taken") {
  const tests::TempFolder tmp;
  const std::string folder = tmp.path("c");
  REQUIRE(save(folder, 1, 0, 7000));
  REQUIRE(save(folder, 2, 0, 7000));
  for (const auto& e : fs::directory_iterator(folder + "/step-00000002")) {
    const std::string file = e.path().string();
    const std::size_t size = fs::file_size(file);
    for (const std::size_t byte : {std::size_t{0}, size / 3, size / 2, size - 40, size - 2, size - 1}) {
      for (const int bit : {0, 5, 7}) {
        CAPTURE(file);
        CAPTURE(byte);
        flip(file, byte, bit);
        const Newest n = newest(folder);
        CHECK(n.step == 1);
        REQUIRE(n.notices.size() == 1);
        CHECK(n.notices[0].find(file) != std::string::npos);
        flip(file, byte, bit);
      }
    }
  }
  CHECK(newest(folder).step == 2);
}
