// Adds fields to a record without touching a byte of what it held.
//
// Works on the raw bytes of a line that parse_line() accepted as an object; the bytes of members that are not ours come out
// exactly as they were, whitespace and escapes too. Linear, no allocation but the result. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace rm::records {

struct Field {
  std::string_view name;
  std::string json;  // valid JSON text
};

// `line` with `fields` before its closing brace, in the order given. Top-level members of these names (however their keys are
// escaped) and of the names in `drop` are removed from where they stood. White space around the object is trimmed.
std::string splice(std::string_view line, std::span<const Field> fields, std::span<const std::string_view> drop = {});

// A hash of the members of an object line that are not named in `own`: their raw keys and values, in order. Spaces between
// members do not matter. Two lines with equal hashes are the same record before and after splice().
std::uint64_t original_hash(std::string_view line, std::span<const std::string_view> own);

// What rm-judge adds to records: judgment, warnings, error.
std::span<const std::string_view> own_fields();

}  // namespace rm::records
