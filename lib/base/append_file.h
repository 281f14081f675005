// A file that grows at its end: the output of a run that may be killed and continued.
//
// open() takes an advisory lock (freed by death), so two runs cannot write one file, and cuts the file to `keep` bytes.
// Error positions count from the start of the file. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace rm {

class AppendFile {
 public:
  // Made where it does not exist. Exit::kIo; reason "locked" when another process writes it.
  static Result<AppendFile> open(const std::string& path, std::uint64_t keep);

  Result<void> append(std::string_view data);  // names the byte at which the disk was full
  Result<void> sync();                         // what was appended is on the disk
  Result<void> close();                        // fsync and close; what they report
  std::uint64_t size() const { return size_; }
  bool regular() const { return regular_; }  // false: a device or a pipe

 private:
  std::string path_;
  fd::Fd fd_;
  std::uint64_t size_ = 0;
  bool regular_ = false;
};

}  // namespace rm
