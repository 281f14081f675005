// One run at a time in a folder: a lock that is held for as long as the object lives, and freed by death.
//
// An advisory lock (flock) on the file ".lock" in the folder, which is removed when the lock is given back. A file system
// that knows no locks does not hinder: there, nothing is held. The object may move; one thread.
#pragma once

#include <string>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace rm {

class FolderLock {
 public:
  FolderLock(FolderLock&&) = default;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  friend Result<FolderLock> lock_folder(const std::string& path);
  FolderLock(std::string file, fd::Fd fd) : file_(std::move(file)), fd_(std::move(fd)) {}

  std::string file_;
  fd::Fd fd_;  // empty: moved from
};

// Makes the folder where it is missing. Exit::kIo naming the folder; reason "locked" where another run holds it.
Result<FolderLock> lock_folder(const std::string& path);

}  // namespace rm
