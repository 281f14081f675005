// Counting, slicing, checking and repairing UTF-8.
//
// A broken sequence counts and is replaced as Python's errors="replace" would: one U+FFFD for each maximal broken part.
// Views returned point into the argument. Pure functions, linear, no allocation but for the result of sanitise.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rm::text {

inline constexpr char32_t kBroken = 0xFFFFFFFF;  // what decode_at reports for bytes that are not UTF-8

// One character of a text: its code point and how many bytes it takes (at least one).
struct CodePoint {
  char32_t code = kBroken;
  std::size_t length = 1;
};

// The character that starts at byte `at`, which must be inside the text.
CodePoint decode_at(std::string_view text, std::size_t at);
void append_code_point(std::string& out, char32_t code);

bool valid_utf8(std::string_view text);
std::size_t count_code_points(std::string_view text);
// Python's text[:n] and text[-n:] (all of it when it is shorter, nothing when n is 0).
std::string_view first_code_points(std::string_view text, std::size_t n);
std::string_view last_code_points(std::string_view text, std::size_t n);
// Valid UTF-8 whatever came in.
std::string sanitise(std::string_view text);

// How many bytes at the end are the start of a character that more bytes could complete: 0 to 3.
std::size_t unfinished_tail(std::string_view text);

// Python's str.strip(): Unicode white space and the four ASCII separators off both ends.
std::string_view strip_white(std::string_view text);

}  // namespace rm::text
