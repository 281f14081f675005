#include "lib/report/html.h"

#include "lib/text/utf8.h"

namespace rm::report {

std::string html_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text::sanitise(text)) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\t':
      case '\n':
        out += c;
        break;
      default:
        byte < 0x20 || byte == 0x7F ? out += "\xEF\xBF\xBD" : out += c;
    }
  }
  return out;
}

}  // namespace rm::report
