// One condition on a field of a record: "source=magpie_ultra", "meta.lang!=en".
#pragma once

#include <string>
#include <string_view>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/records/pair.h"

namespace rm::records {

class Condition {
 public:
  // PATH=VALUE or PATH!=VALUE; the path is keys (or indices of lists) joined by dots. Exit::kUsage.
  static Result<Condition> parse(std::string_view text);
  // A string is compared as it is, a number or boolean as it is written in JSON. A field that is not there, null, a list or
  // an object equals nothing.
  bool holds(const json::Value& record) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_, value_;
  FieldMap path_;
  bool negated_ = false;
};

}  // namespace rm::records
