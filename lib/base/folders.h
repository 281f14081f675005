// Folders that programs write: made with their parents, and synced so that the names in them outlast a power cut.
//
// Errors are Exit::kIo and name the path. No state.
#pragma once

#include <string>

#include "lib/base/result.h"

namespace rm {

// The folder that a name stands in: "." for a bare one.
std::string parent_folder(const std::string& path);
// Does nothing where it is there already. What is in the way (a file of this name) is named.
Result<void> make_folder(const std::string& path);
// The names in it are on the disk. A folder that may not be read, or is not there, is left as it is.
Result<void> sync_folder(const std::string& path);
// Removes one file; false where there was none.
Result<bool> remove_file(const std::string& path);

}  // namespace rm
