// A folder that one process at a time may write: two runs never mix their files.
//
// An advisory lock on a file ".lock" in the folder, freed when the holder dies, however it dies. The file stays. One thread.
#pragma once

#include <string>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace rm {

class FolderLock {
 public:
  FolderLock(FolderLock&&) = default;
  FolderLock& operator=(FolderLock&&) = default;

 private:
  friend Result<FolderLock> lock_folder(const std::string& path);
  explicit FolderLock(fd::Fd file) : file_(std::move(file)) {}
  fd::Fd file_;
};

// Makes the folder where it is missing. Exit::kIo; reason "locked" where another process holds it.
Result<FolderLock> lock_folder(const std::string& path);

}  // namespace rm
