// Judged records of a file, read and scanned by several threads, handed out in the order of the file.
//
// A thread scans the block that it read itself, while that is in its core's cache; the calling thread does while it would wait.
// Holds a few MiB of text, more only for a line that is longer (up to limits::kLineBytes). Blank lines, CRLF, a missing last
// newline and compression as in lines.h. Up to two threads of its own, one core for each; they end with the object, also one that
// waits for a pipe: then a stop is requested. One thread calls.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "lib/base/result.h"
#include "lib/records/judged.h"

namespace rm::records {

struct ScannedLine {
  std::uint64_t number = 0;    // in the file, from 1
  bool bad = false;            // the line cannot be read
  Judged judged;               // its texts live until the next call of next()
  std::optional<Error> error;  // of a bad one: reason "bad_json" or "line_too_long"

  void fail(Error e) {
    bad = true;
    error = std::move(e);
  }
};

class JudgedStream {
 public:
  // "-" is standard input; Exit::kInput as Lines::open.
  static Result<JudgedStream> open(const std::string& path);
  JudgedStream(JudgedStream&&) noexcept;
  ~JudgedStream();

  // The next lines that are not blank, at least one; empty at the end. Errors as Lines::next, after every line before them.
  Result<std::span<const ScannedLine>> next();
  const std::string& name() const;
  std::optional<double> fraction() const;

 private:
  struct Impl;
  explicit JudgedStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rm::records
