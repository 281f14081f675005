#include "lib/base/escape.h"

#include <cstdio>

#include "lib/base/utf8_scan.h"

namespace rm {
namespace {

// Characters that print nothing or reorder what stands around them.
bool is_treacherous(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF || (c >= 0xE0000 && c <= 0xE007F);
}

}  // namespace

std::string escape_text(std::string_view text, std::size_t limit) {
  const std::string_view shown = text.substr(0, utf8_floor(text, limit));
  std::string out;
  out.reserve(shown.size());
  char buffer[16];
  for (std::size_t i = 0; i < shown.size();) {
    const Utf8Step s = utf8_step(shown, i);
    if (s.valid && !is_treacherous(s.code)) {
      out.append(shown.substr(i, s.length));
    } else if (!s.valid) {
      for (std::size_t k = 0; k < s.length; ++k) {
        std::snprintf(buffer, sizeof buffer, "\\x%02x",
                      static_cast<unsigned>(static_cast<unsigned char>(shown[i + k])));
        out += buffer;
      }
    } else if (s.code == '\n') {
      out += "\\n";
    } else if (s.code == '\t') {
      out += "\\t";
    } else if (s.code == '\r') {
      out += "\\r";
    } else {
      std::snprintf(buffer, sizeof buffer,
                    s.code < 0x100     ? "\\x%02x"
                    : s.code < 0x10000 ? "\\u%04x"
                                       : "\\U%08x",
                    static_cast<unsigned>(s.code));
      out += buffer;
    }
    i += s.length;
  }
  if (shown.size() < text.size()) out += "...";
  return out;
}

}  // namespace rm
