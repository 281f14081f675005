// The folder that checkpoints stand in: their names, which of them are whole, and how they come and go.
//
//   step-00000120            a checkpoint
//   step-00000120.partial    being written, or being removed; never read
//   step-00000120.replaced   gave way to a new one of the same step, on a file system that cannot exchange names; readable
// Errors are Exit::kIo and name the path. Nothing here looks into a checkpoint.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/result.h"

namespace rm::tune {

struct StepFolder {
  std::int64_t step = 0;
  bool replaced = false;
  std::string path;
};

std::string step_path(const std::string& folder, std::int64_t step);     // folder/step-00000120
std::string partial_path(const std::string& folder, std::int64_t step);  // folder/step-00000120.partial

// Those that may be read, the newest first; none where there is no such folder.
Result<std::vector<StepFolder>> step_folders(const std::string& folder);
// What an earlier save left unfinished: removes every .partial one, and gives a .replaced one whose successor never came its
// name back.
Result<void> tidy(const std::string& folder);
// Gives the finished .partial folder its name, in place of what has it now, and makes that durable.
Result<void> put_in_place(const std::string& folder, std::int64_t step);
// Removes what is not among the newest `keep` up to `step` (0: only what gave way), once the one of `step` is in place.
Result<void> remove_old(const std::string& folder, std::int64_t step, std::int64_t keep);

}  // namespace rm::tune
