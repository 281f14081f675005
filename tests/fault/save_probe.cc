// Saves checkpoints of a run whose state at every step is known (tests/fault/content.h), and says whether a folder holds them.
//
//   save-probe run FOLDER LAST [KEEP [FILE_BYTES]]   goes on from the newest checkpoint to step LAST, saving after every step
//   save-probe save FOLDER STEP [KEEP [FILE_BYTES]]  saves that step alone, whatever is there
//   save-probe check FOLDER                          prints the step of the newest sound one; its content must be that step's
// Checkpoints are in FOLDER/checkpoints. Exit codes as everywhere; 70 where content is wrong.
#include <cstdio>
#include <optional>
#include <string>

#include "lib/base/folder_lock.h"
#include "lib/base/number.h"
#include "lib/base/signals.h"
#include "lib/tune/checkpoint.h"
#include "tests/fault/content.h"

namespace {

using namespace rm;

constexpr std::int64_t kSmallFiles = 7000;  // several files, and a tensor that lies in two

int fail(const Error& e) {
  std::fprintf(stderr, "save-probe: %s\n", e.text().c_str());
  return static_cast<int>(e.exit);
}

Result<std::optional<tune::FoundCheckpoint>> newest(const std::string& folder) {
  RM_ASSIGN(auto found, tune::newest_checkpoint(
                            folder, [](const std::string& s) { std::fprintf(stderr, "save-probe: %s\n", s.c_str()); }));
  if (!found) return found;
  RM_ASSIGN(const std::string fault, tests::content_fault(*found));
  if (!fault.empty()) return make_error(Exit::kBug, "content", fault);
  return found;
}

Result<void> save(const std::string& folder, std::int64_t step, std::int64_t keep, std::int64_t file_bytes) {
  const auto tensors = tests::content_tensors();
  RM_TRY(tune::save_checkpoint(folder, tests::content_facts(step), tensors, tests::content_reader(step), keep,
                               static_cast<std::uint64_t>(file_bytes)));
  return {};
}

Result<void> go(const std::string& verb, const std::string& run, std::int64_t step, std::int64_t keep,
                std::int64_t file_bytes) {
  const std::string folder = run + "/checkpoints";
  if (verb == "check") {
    RM_ASSIGN(const auto found, newest(folder));
    std::printf("%lld\n", static_cast<long long>(found ? found->facts.step : 0));
    return {};
  }
  RM_ASSIGN(const FolderLock lock, lock_folder(run));
  if (verb == "save") return save(folder, step, keep, file_bytes);
  RM_ASSIGN(const auto found, newest(folder));
  for (std::int64_t s = found ? found->facts.step + 1 : 1; s <= step; ++s) RM_TRY(save(folder, s, keep, file_bytes));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  const auto number = [&](int i, std::int64_t otherwise) {
    return i < argc ? parse_int(argv[i]).value_or(-1) : otherwise;
  };
  const std::int64_t step = number(3, 0), keep = number(4, 2), file_bytes = number(5, kSmallFiles);
  const bool known = (verb == "check" && argc == 3) || ((verb == "run" || verb == "save") && argc >= 4 && argc <= 6);
  if (!known || step < 0 || keep < 0 || file_bytes < 1) {
    std::fputs("usage: save-probe check FOLDER | run FOLDER LAST [KEEP [FILE_BYTES]] | save FOLDER STEP ...\n", stderr);
    return static_cast<int>(Exit::kUsage);
  }
  signals::install();
  const auto done = go(verb, argv[2], step, keep, file_bytes);
  return done ? 0 : fail(done.error());
}
