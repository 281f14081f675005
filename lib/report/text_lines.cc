#include "lib/report/text_lines.h"

#include "lib/base/escape.h"
#include "lib/base/number.h"

namespace rm::report {

void TextLines::line(const std::string& text, const char* style) {
  const std::string marked = partial_ ? "partial  " + text : text;
  out_ += color_ && *style != '\0' ? std::string("\x1b[") + style + "m" + marked + "\x1b[0m" : marked;
  while (out_.ends_with(' ')) out_.pop_back();
  out_ += '\n';
}

void TextLines::heading(const std::string& text) {
  line("");
  line(text, "1");
}

std::string left(const std::string& text, std::size_t width) {
  return text + std::string(text.size() < width ? width - text.size() : 0, ' ');
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(text.size() < width ? width - text.size() : 0, ' ') + text;
}

std::string percent(double share) { return format_fixed(share * 100, 2); }

std::string figure_row(const bench::Figure& f) {
  std::string out = "  " + left(escape_text(f.name, kNameWidth - 3), kNameWidth);
  if (!f.value) return out + right("-", 7);
  out += right(percent(*f.value), 7);
  out += "  " + right(percent(f.interval.low), 6) + " to " + right(percent(f.interval.high), 6);
  return out + right(format_grouped(f.n), 10);
}

}  // namespace rm::report
