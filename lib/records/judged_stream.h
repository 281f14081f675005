// Judged records of a file, read by this thread and scanned by others, in the order of the file.
//
// At most a few MiB of lines are held (one line over that comes alone). Two helper threads where the machine has them. One
// thread calls; the helpers end with the object.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/records/judged.h"
#include "lib/records/line.h"

namespace rm::records {

struct ScannedLine {
  Line line;
  Judged judged;               // views into the line
  std::optional<Error> error;  // the line cannot be read: reason "bad_json" or "line_too_long"
};

class JudgedStream {
 public:
  // "-" is standard input; Exit::kInput as Lines::open.
  static Result<JudgedStream> open(const std::string& path);
  JudgedStream(JudgedStream&&) noexcept;
  ~JudgedStream();

  // The next lines, at least one; they live until the next call. Empty at the end. Errors as Lines::next, after every line
  // before them.
  Result<std::span<const ScannedLine>> next();
  const std::string& name() const;
  std::optional<double> fraction() const;

 private:
  struct Impl;
  explicit JudgedStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rm::records
