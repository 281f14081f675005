// One line of input, as it stood in the file. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/json.h"
#include "lib/base/result.h"

namespace rm::records {

struct Line {
  std::uint64_t number = 0;    // from 1; of the whole file, also in a shard
  std::uint64_t byte = 0;      // offset of its first byte in the (decompressed) input
  std::uint64_t end = 0;       // offset just behind it and its line end
  std::string text;            // without the line end; the first limits::kErrorTextBytes when the line was too long
  bool terminated = true;      // false: the last line, and it has no newline
  std::optional<Error> error;  // set when the line itself is unusable ("line_too_long"): make a failure record of it
};

// Strict parse of a line that must be one JSON object. Errors are for a failure record: reason "bad_json", "bad_utf8",
// "too_deep", "repeated_key", "not_object", "line_too_long", or "truncated_line" when the last line has no newline and ends
// inside its JSON. `where` is name:line:byte. The Value lives in `doc`.
Result<json::Value> parse_line(json::Document& doc, const Line& line, const std::string& name);

}  // namespace rm::records
