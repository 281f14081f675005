// The smallest step of reading UTF-8: how long the next character is, or how many bytes to replace when it is broken.
//
// Here only because JSON strings and messages must be valid UTF-8; counting and slicing by code point live in lib/text.
// Broken sequences are measured as Python's errors="replace" does (one U+FFFD a maximal part). Pure, no allocation.
#pragma once

#include <cstddef>
#include <string_view>

namespace rm {

struct Utf8Step {
  std::size_t length = 0;  // bytes to consume; 0 only at the end of the text
  bool valid = false;
  char32_t code = 0;  // where valid
};

Utf8Step utf8_step(std::string_view text, std::size_t at);

// The largest n <= limit that does not cut a character of `text` in two (broken bytes count as whole characters).
std::size_t utf8_floor(std::string_view text, std::size_t limit);

}  // namespace rm
