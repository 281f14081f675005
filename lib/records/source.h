// Decompressed bytes of an input: plain, zstd or gzip, told apart by their first bytes. Internal to lines,
// elements and judged_stream.
//
// Owns its descriptor and one buffer. A zstd window over limits::kZstdWindowLog is refused before memory is taken for it.
// Concatenated frames, skippable frames and gzip members are one stream.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace rm::records {

class Source {
 public:
  static Result<std::unique_ptr<Source>> open(const std::string& path);
  Source() = default;
  Source(Source&&) = default;
  virtual ~Source() = default;

  // At least one byte, or 0 at the end. After an Error ("truncated_frame", "bad_frame", "io", a stop) nothing more comes.
  virtual Result<std::size_t> read(std::span<char> into) = 0;
  virtual bool compressed() const = 0;

  const std::string& name() const { return name_; }
  const fd::Kind& kind() const { return kind_; }
  bool standard_input() const { return standard_input_; }
  std::uint64_t consumed() const { return consumed_; }  // raw bytes

 protected:
  // More raw bytes behind those not yet taken; false at the end of the file.
  Result<bool> refill();
  std::string_view raw() const { return {raw_.data() + begin_, end_ - begin_}; }
  void take(std::size_t n) { begin_ += n; }

  fd::Fd fd_;
  std::string name_;
  fd::Kind kind_;
  bool standard_input_ = false;
  std::string raw_;  // buffer
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t consumed_ = 0;
};

// Where text begins: behind a byte order mark, given the first three bytes (fewer only of a shorter input). Exit::kInput for
// UTF-16. `name` is for the message.
Result<std::size_t> text_begin(std::string_view head, const std::string& name);

}  // namespace rm::records
