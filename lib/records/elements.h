// The elements of a JSON array file, one at a time: the form in which some benchmarks are published.
//
// Also reads objects that stand one after another (JSON lines). Memory holds one element; one over limits::kLineBytes is an
// error. zstd and gzip as in lines.h. An element's text is only balanced here: parse_line() is what says whether it is JSON.
// One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "lib/base/result.h"
#include "lib/records/line.h"
#include "lib/records/source.h"

namespace rm::records {

class Elements {
 public:
  // "-" is standard input. Exit::kInput.
  static Result<Elements> open(const std::string& path);

  // The next element into `line` (its number counts elements from 1, its byte is where it begins); false at the end. An Error
  // ends the input: reason "bad_json" for what is no list of objects, "truncated_line" where the file ends inside one,
  // "line_too_long".
  Result<bool> next(Line& line);

  const std::string& name() const { return source_->name(); }

 private:
  explicit Elements(std::unique_ptr<Source> source) : source_(std::move(source)) {}
  Result<int> byte();  // the next one, or -1 at the end
  Result<int> first_of_next();
  Result<void> rest_of_object(std::string& text);
  Error bad(std::string reason, std::string message) const;

  std::unique_ptr<Source> source_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t offset_ = 0, count_ = 0;
  bool started_ = false, array_ = false, closed_ = false;
};

}  // namespace rm::records
