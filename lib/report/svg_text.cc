#include "lib/report/svg_text.h"

#include <vector>

#include "lib/text/utf8.h"

namespace rm::report {
namespace {

constexpr std::string_view kNarrow = "ijl.,:;'|!()[]{} /\\ftr-I";
constexpr std::string_view kWide = "mwMW@%";

double width_of(char32_t code) {
  if (code < 0x80) {
    const char c = static_cast<char>(code);
    if (kNarrow.find(c) != kNarrow.npos) return 0.4;
    if (kWide.find(c) != kWide.npos) return 0.95;
    return c >= 'A' && c <= 'Z' ? 0.72 : 0.6;
  }
  return code < 0x1100 ? 0.72 : 1.05;  // beyond: East Asian letters, symbols, emoji
}

}  // namespace

double text_width(std::string_view text, double size) {
  double out = 0;
  for (std::size_t at = 0; at < text.size();) {
    const text::CodePoint c = text::decode_at(text, at);
    out += width_of(c.code);
    at += c.length;
  }
  return out * size;
}

std::string fitted(std::string_view text, double size, double width) {
  if (text_width(text, size) <= width) return std::string(text);
  constexpr std::string_view kEllipsis = "…";
  std::vector<std::string_view> letters;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t n = text::decode_at(text, at).length;
    letters.push_back(text.substr(at, n));
    at += n;
  }
  double left = width - text_width(kEllipsis, size);
  std::string head, tail;
  for (std::size_t i = 0; i < letters.size(); ++i) {  // by turns from both ends
    const std::string_view letter = i % 2 == 0 ? letters[i / 2] : letters[letters.size() - 1 - i / 2];
    left -= text_width(letter, size);
    if (left < 0) break;
    i % 2 == 0 ? head += letter : tail = std::string(letter) + tail;
  }
  return head + std::string(kEllipsis) + tail;
}

}  // namespace rm::report
