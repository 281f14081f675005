// Reads the members of an object of ours and keeps the first error, so that a reader is a list of its fields. Internal to
// lib/records.
//
// A member that is not there, or null, leaves what it is read into as it is. Errors are Exit::kInput with the given reason and name
// the member by its path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/json.h"
#include "lib/base/result.h"

namespace rm::records {

class Members {
 public:
  // `path` stands before the names in messages ("judgment.").
  Members(json::Value object, std::string path, const char* reason)
      : object_(object), path_(std::move(path)), reason_(reason) {}

  void text(const char* key, std::string& out);
  void text(const char* key, std::optional<std::string>& out);
  void number(const char* key, std::optional<double>& out);
  void boolean(const char* key, std::optional<bool>& out);
  void count(const char* key, std::int64_t& out);  // a whole number from 0
  void seed(const char* key, std::uint64_t& out);
  // {"prompt_tokens", "completion_tokens"} of a member "usage".
  void usage(std::int64_t& prompt_tokens, std::int64_t& completion_tokens);
  // The value where it is there, not null and of the type.
  std::optional<json::Value> get(const char* key, json::Type type);
  void fail(const char* key, const std::string& what);
  const std::optional<Error>& error() const { return error_; }

 private:
  json::Value object_;
  std::string path_;
  const char* reason_;
  std::optional<Error> error_;
};

// What Members::usage reads: the member of an object that is open.
void write_usage(json::Writer& w, std::int64_t prompt_tokens, std::int64_t completion_tokens);

}  // namespace rm::records
