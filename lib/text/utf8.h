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

CodePoint decode_rare(std::string_view text, std::size_t at);  // decode_at for any bytes

// The character that starts at byte `at`, which must be inside the text.
inline CodePoint decode_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned b0 = byte(0);
  if (b0 < 0x80) return {b0, 1};
  if (b0 > 0xE0 && b0 < 0xF0 && b0 != 0xED && text.size() - at > 2 && byte(1) >> 6 == 2 && byte(2) >> 6 == 2) {
    return {(b0 & 0x0F) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU), 3};
  }
  if (b0 > 0xC1 && b0 < 0xE0 && text.size() - at > 1 && byte(1) >> 6 == 2) {
    return {(b0 & 0x1F) << 6 | (byte(1) & 0x3FU), 2};
  }
  return decode_rare(text, at);
}
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
