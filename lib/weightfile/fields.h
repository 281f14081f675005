// Typed, named access to the members of one JSON object of a model file.
//
// The first thing that is wrong is kept and everything after it yields defaults, so a reader lists its fields in a row
// and asks once whether all was well. A member that is null counts as absent. Views die with the Document.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"

namespace rm::weightfile {

// Parses a model's JSON file whose top is an object; every failure is Exit::kModel with `file` as the place.
Result<json::Value> parse_object(json::Document& doc, std::string_view text, const std::string& file);

class Fields {
 public:
  // `path` is where the object stands in its file ("", "rope_scaling."), for messages.
  explicit Fields(json::Value object, std::string path = {}) : object_(object), path_(std::move(path)) {}

  std::optional<json::Value> find(std::string_view key) const;  // empty for null too
  bool has(std::string_view key) const { return find(key).has_value(); }

  // Without a default the member must be there.
  std::int64_t integer(std::string_view key, std::optional<std::int64_t> fallback = {});
  double number(std::string_view key, std::optional<double> fallback = {});
  bool boolean(std::string_view key, bool fallback);
  std::string text(std::string_view key, std::optional<std::string> fallback = {});
  std::vector<std::string> texts(std::string_view key);  // a list of strings, or absent
  Fields object(std::string_view key) const;             // call only where it is one

  void refuse(std::string_view key, const std::string& message);  // keeps an error about this member
  void keep(const Result<void>& r);
  // Exit::kModel, reason "bad_config"; the message names the field.
  Result<void> status() const;

 private:
  void expected(std::string_view key, const char* what, const std::optional<json::Value>& got);

  json::Value object_;
  std::string path_;
  std::optional<Error> error_;
};

// One value for a message: its JSON text, cut and escaped.
std::string shown(const json::Value& v);

}  // namespace rm::weightfile
