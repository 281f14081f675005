#include "lib/base/utf8_scan.h"

namespace rm {

Utf8Step utf8_step(std::string_view text, std::size_t at) {
  if (at >= text.size()) return {};
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const std::size_t left = text.size() - at;
  const unsigned b0 = byte(0);
  if (b0 < 0x80) return {1, true, b0};
  std::size_t need = 0;
  unsigned low = 0x80, high = 0xBF;  // range of the second byte
  char32_t code = 0;
  if (b0 >= 0xC2 && b0 <= 0xDF) {
    need = 2, code = b0 & 0x1F;
  } else if (b0 >= 0xE0 && b0 <= 0xEF) {
    need = 3, code = b0 & 0x0F;
    if (b0 == 0xE0) low = 0xA0;
    if (b0 == 0xED) high = 0x9F;
  } else if (b0 >= 0xF0 && b0 <= 0xF4) {
    need = 4, code = b0 & 0x07;
    if (b0 == 0xF0) low = 0x90;
    if (b0 == 0xF4) high = 0x8F;
  } else {
    return {1, false, 0};
  }
  for (std::size_t i = 1; i < need; ++i) {
    if (i >= left || byte(i) < low || byte(i) > high) return {i, false, 0};
    code = (code << 6) | (byte(i) & 0x3F);
    low = 0x80, high = 0xBF;
  }
  return {need, true, code};
}

std::size_t utf8_floor(std::string_view text, std::size_t limit) {
  if (limit >= text.size()) return text.size();
  // A character is at most four bytes: step forward from the last byte that can start one.
  std::size_t at = limit;
  for (int back = 0; back < 3 && at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; ++back) --at;
  while (at < limit) {
    const std::size_t next = at + utf8_step(text, at).length;
    if (next > limit) return at;
    at = next;
  }
  return limit;
}

}  // namespace rm
