// What comes out in place of a record that could not be processed. Always valid UTF-8 JSON, one line, bounded additions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/records/line.h"

namespace rm::records {

// A record that parsed: its original fields plus error: {code, message, line}. `drop`: fields of ours that an earlier run left
// (a stale judgment); error itself is always replaced.
std::string failure_record(const Line& line, const Error& error, std::span<const std::string_view> drop = {});

// A line that is no record: {error: {code, message, line, text}}, text cut at limits::kErrorTextBytes on a character
// boundary, broken bytes as U+FFFD.
std::string failure_line(const Line& line, const Error& error);

// The part of the line that failure_line() repeats, broken bytes still in it.
std::string_view failure_text(const Line& line);

// The reasons with which parse_line() fails; failure_line() is for these, failure_record() for all others.
bool is_unparsed(const Error& error);

// The right one of the two.
std::string failure(const Line& line, const Error& error, std::span<const std::string_view> drop = {});

// What a failure record says of itself; empty for any other record.
struct StoredError {
  std::string code, message;
};
std::optional<StoredError> stored_error(const json::Value& record);

}  // namespace rm::records
