// A file that appears complete or not at all: written beside its place, synced, renamed over it, folder synced.
//
// A device or a pipe (/dev/stdout) cannot be replaced: it is written to as it comes.
// Until commit() succeeds the old file is untouched; destruction without commit removes the temporary one. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace rm {

class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::string& path);  // Exit::kIo
  AtomicFile(AtomicFile&& o) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  // Makes sure of the room for a file of this length before any is written; reason "disk_full" where there is too
  // little. Does nothing on a file system that cannot reserve.
  Result<void> reserve(std::uint64_t bytes);
  Result<void> write(std::string_view data);
  Result<void> commit();  // after this, or after any error, the object is spent

 private:
  AtomicFile() = default;
  std::string path_, temporary_;
  fd::Fd fd_;
};

// The whole of it at once.
Result<void> write_file_atomically(const std::string& path, std::string_view data);

}  // namespace rm
