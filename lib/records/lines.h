// Bounded lines from a file or standard input: plain, zstd or gzip, recognised by magic bytes, never by name.
//
// Memory stays bounded whatever the input: a line over limits::kLineBytes is consumed without being held, a zstd window over
// limits::kZstdWindowLog is refused. Blank lines are skipped (but counted), CRLF and a missing last newline accepted, a byte
// order mark accepted once at the start. One thread. Never seeks on pipes, never reads more than it hands out plus a buffer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "lib/records/line.h"
#include "lib/records/shard.h"

namespace rm::records {

class Lines {
 public:
  // `path` "-" is standard input. Exit::kInput for a file that cannot be read or is UTF-16; Exit::kUsage for a shard that
  // cannot be cut (standard input or compressed without hashing).
  static Result<Lines> open(const std::string& path, const Shard& shard = {});
  Lines(Lines&&) noexcept;
  Lines& operator=(Lines&&) noexcept;
  ~Lines();

  // The next line that is not blank (and is in the shard) into `line`; false at the end. A bad line is no error here: see
  // Line::error. An Error ends the input: "truncated_frame", "bad_frame" (Exit::kInput, after all whole lines before it), "io",
  // or a requested stop.
  Result<bool> next(Line& line);

  const std::string& name() const;  // for messages: the path, escaped, or "<stdin>"
  // How much of the input has been read, 0 to 1; empty for pipes.
  std::optional<double> fraction() const;

 private:
  struct Impl;
  explicit Lines(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rm::records
