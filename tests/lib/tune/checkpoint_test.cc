#include "lib/tune/checkpoint.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "lib/base/hash.h"
#include "lib/base/signals.h"
#include "lib/tune/manifest.h"
#include "lib/weightfile/safetensors_write.h"
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
    const auto fault = tests::content_fault(**found);
    out.fault = fault ? *fault : fault.error().text();
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

TEST_CASE("a manifest that lies about its files makes a checkpoint unsound") {
  const tests::TempFolder tmp;
  const std::string folder = tmp.path("c"), step = folder + "/step-00000002", path = step + "/manifest.json";
  REQUIRE(save(folder, 1));
  REQUIRE(save(folder, 2));
  const std::string good = tests::slurp(path), weights = tests::slurp(step + "/weights-00001.safetensors");
  const auto change = [&](const auto& f) {
    auto m = parse_manifest(good, "m");
    REQUIRE(m);
    f(*m);
    std::ofstream(path, std::ios::binary) << manifest_text(*m);
  };
  const auto refused = [&](const std::string& says) {
    const Newest n = newest(folder);
    CAPTURE(says);
    CHECK(n.step == 1);
    REQUIRE(n.notices.size() == 1);
    CHECK(n.notices[0].find(says) != std::string::npos);
    CHECK(n.notices[0].find(step) != std::string::npos);
  };
  change([](Manifest& m) { m.facts.step = 1; });
  refused("is of step 1; its folder says 2");
  change([](Manifest& m) { std::swap(m.tensors[0].slices[0].key, m.tensors[2].slices[0].key); });
  refused("the manifest says F32");
  change([](Manifest& m) { m.tensors[0].slices[0].key = "other"; });
  refused("of which the manifest knows nothing");
  change([](Manifest& m) { m.tensors.pop_back(); });
  refused("of which the manifest knows nothing");
  change([](Manifest& m) { m.tensors.push_back({{"more", "weight", {1}}, {{0, 1, 0, "more", 0}}}); });
  refused("lacks tensor more (weight)");
  change([](Manifest& m) { m.files[0].bytes += 4; });
  refused("it was cut or replaced");
  change([](Manifest& m) { m.files.push_back({"weights-00002.safetensors", 8, std::string(32, '0')}); });
  refused("weights-00002.safetensors");
  change([&](Manifest& m) {  // the right keys and shapes, in another type
    std::vector<weightfile::TensorPlan> plan;
    for (const StoredTensor& t : m.tensors) plan.push_back({t.slices[0].key, weightfile::DType::kBF16, t.tensor.shape});
    const auto written = weightfile::write_safetensors(step + "/weights-00001.safetensors", plan,
                                                       [](std::size_t, std::uint64_t, std::span<float> to) {
                                                         std::fill(to.begin(), to.end(), 1.0f);
                                                         return Result<void>();
                                                       });
    REQUIRE(written);
    m.files[0].bytes = written->bytes;
    m.files[0].xxh3 = written->hash.hex();
  });
  refused("is BF16");
  change([&](Manifest& m) {  // no safetensors file at all
    std::ofstream(step + "/weights-00001.safetensors", std::ios::binary) << "not tensors";
    m.files[0].bytes = 11;
    m.files[0].xxh3 = hash128("not tensors").hex();
  });
  refused("weights-00001.safetensors");
  std::ofstream(step + "/weights-00001.safetensors", std::ios::binary) << weights;
  std::ofstream(path, std::ios::binary) << good;
  CHECK(newest(folder).step == 2);
}

TEST_CASE("what is no file, or another file, in a file's place is said aloud and the one before is taken") {
  const tests::TempFolder tmp;
  const std::string folder = tmp.path("c"), step = folder + "/step-00000002";
  REQUIRE(save(folder, 1, 0, 7000));
  REQUIRE(save(folder, 2, 0, 7000));
  struct Row {
    const char* what;
    std::function<void(const std::string& path, std::size_t bytes)> put;
  };
  const std::vector<Row> rows = {
      {"nothing", [](const std::string&, std::size_t) {}},
      {"a folder", [](const std::string& path, std::size_t) { fs::create_directory(path); }},
      {"a pipe that nobody writes", [](const std::string& path, std::size_t) { ::mkfifo(path.c_str(), 0666); }},
      {"a link to itself", [](const std::string& path, std::size_t) { fs::create_symlink(path, path); }},
      {"an empty file", [](const std::string& path, std::size_t) { std::ofstream{path}; }},
      {"zeros", [](const std::string& path, std::size_t n) { std::ofstream(path) << std::string(n, '\0'); }},
      {"the file of the step before",
       [](const std::string& path, std::size_t) {
         const fs::path file(path);
         fs::copy(file.parent_path().parent_path() / "step-00000001" / file.filename(), file);
       }},
  };
  const std::string aside = tmp.path("aside");
  for (const auto& e : fs::directory_iterator(step)) {
    const std::string file = e.path().string();
    for (const Row& r : rows) {
      CAPTURE(file);
      CAPTURE(r.what);
      fs::rename(file, aside);
      r.put(file, fs::file_size(aside));
      const Newest n = newest(folder);
      CHECK(n.step == 1);
      REQUIRE(n.notices.size() == 1);
      CHECK(n.notices[0].find(file) != std::string::npos);
      fs::remove(file);
      fs::rename(aside, file);
    }
  }
  CHECK(newest(folder).step == 2);
}

TEST_CASE("where none is sound, that is an error; folders that are no checkpoints are none") {
  const tests::TempFolder tmp;
  const std::string folder = tmp.path("c");
  for (const char* name : {"step-1", "step-000000001", "step-00000001.partial", "step-0000000a", "step-", "other"})
    fs::create_directories(folder + "/" + name);
  CHECK(newest(folder).step == -1);
  CHECK(newest(folder).error == "");
  fs::create_directory(folder + "/step-00000003");
  REQUIRE(save(folder, 4));
  fs::remove(folder + "/step-00000004/weights-00001.safetensors");
  const Newest n = newest(folder);
  CHECK(n.error.find("none of its 2 checkpoints is sound") != std::string::npos);
  CHECK(n.error.find("step-00000004/weights-00001.safetensors") != std::string::npos);
  CHECK(n.notices.size() == 2);
}

TEST_CASE("a run whose tensors are others is refused before anything is handed over") {
  const tests::TempFolder tmp;
  const std::string folder = tmp.path("c");
  REQUIRE(save(folder, 1));
  const auto found = newest_checkpoint(folder, [](const std::string&) {});
  REQUIRE(found);
  REQUIRE(*found);
  struct Row {
    const char* says;
    void (*change)(std::vector<StateTensor>&);
  };
  for (const Row& r : {
           Row{"lacks tensor lm_head.weight (weight)",
               [](std::vector<StateTensor>& t) {
                 t.push_back({"lm_head.weight", "weight", {2}});
               }},
           Row{"holds tensor scale (exp_avg_sq)", [](std::vector<StateTensor>& t) { t.pop_back(); }},
           Row{"tensor model.norm.weight (weight) has the shape [16]; in this run it is [4, 4]",
               [](std::vector<StateTensor>& t) {
                 t[2].shape = {4, 4};
               }},
           Row{"lacks tensor model.norm.weight (step)", [](std::vector<StateTensor>& t) { t[2].slot = "step"; }},
           Row{"lacks tensor scale (weight)", [](std::vector<StateTensor>& t) { t.push_back(t[3]); }},
       }) {
    CAPTURE(r.says);
    auto tensors = tests::content_tensors();
    r.change(tensors);
    int handed = 0;
    const auto loaded = load_checkpoint(**found, tensors, [&](std::size_t, std::uint64_t, std::span<const float>) {
      ++handed;
      return Result<void>();
    });
    REQUIRE(!loaded);
    CHECK(loaded.error().exit == Exit::kModel);
    CHECK(loaded.error().text().find(r.says) != std::string::npos);
    CHECK(handed == 0);
  }
}

TEST_CASE("what nobody could read back is not written, and an error of the source leaves no trace") {
  const tests::TempFolder tmp;
  const std::string folder = tmp.path("c");
  REQUIRE(save(folder, 1));
  auto tensors = tests::content_tensors();
  tensors.push_back(tensors[0]);
  const auto twice = save_checkpoint(folder, tests::content_facts(2), tensors, tests::content_reader(2), 1);
  REQUIRE(!twice);
  CHECK(twice.error().exit == Exit::kBug);
  RunFacts f = tests::content_facts(2);
  f.notes = "not json";
  CHECK(!save_checkpoint(folder, f, tests::content_tensors(), tests::content_reader(2), 1));
  const auto failing = [](std::size_t index, std::uint64_t, std::span<float>) -> Result<void> {
    if (index == 5) return make_error(Exit::kResources, "gone", "the device went away");
    return {};
  };
  const auto gone = save_checkpoint(folder, tests::content_facts(2), tests::content_tensors(), failing, 1);
  REQUIRE(!gone);
  CHECK(gone.error().reason == "gone");
  CHECK(names(folder) == "step-00000001");
  CHECK(newest(folder).fault == "");
}

TEST_CASE("a stop while a checkpoint is verified is no fault of the checkpoint") {
  const tests::TempFolder tmp;
  const std::string folder = tmp.path("c");
  REQUIRE(save(folder, 1));
  signals::request_stop(Exit::kStopped);
  const auto found = newest_checkpoint(folder, [](const std::string&) { FAIL("nothing is wrong with it"); });
  signals::request_stop(Exit::kDone);
  REQUIRE(!found);
  CHECK(found.error().exit == Exit::kStopped);
}
