// Whole lines to standard output or a file; zstd or gzip by the suffix of the file's name.
//
// Each record leaves at once where the output is a pipe or a terminal; files are written at least every second (call tick()
// while waiting for work) and synced at close. A full disk is reported by the write that met it, with the position; a closed
// pipe is Exit::kReaderGone. Destruction without close() leaves the whole lines written so far. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace rm::records {

// Exit::kUsage, reason "same_file", where `out` is the regular file that `in` is read from; "-" are the standard ones.
Result<void> refuse_same_file(const std::string& out, const std::string& in);

struct WriterOptions {
  std::uint64_t keep = 0;   // bytes already in the file that stay (resume); plain files only
  std::uint64_t lines = 0;  // lines in them
  std::string input;        // the path read from: writing onto it is refused (Exit::kUsage), before anything is touched
  std::vector<std::string> inputs = {};  // likewise, where there are several
};

class Writer {
 public:
  // "-" is standard output. Suffixes .zst and .gz compress. Exit::kIo, reason "locked" when another run writes the file.
  static Result<Writer> open(const std::string& path, const WriterOptions& o = {});
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  ~Writer();

  Result<void> write(std::string_view line);  // one record, without its newline
  Result<void> flush();                       // all of it to the system
  Result<void> sync();                        // flush; and a file is on the disk
  Result<void> tick();                        // flush if a second has passed; cheap
  Result<void> close();  // flush, end frames, sync, close: 5 if the last byte did not reach the disk

  std::uint64_t lines() const;      // written by this run
  const std::string& name() const;  // for messages

 private:
  struct Impl;
  explicit Writer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rm::records
