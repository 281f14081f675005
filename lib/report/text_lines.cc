#include "lib/report/text_lines.h"

#include <algorithm>
#include <cmath>

#include "lib/base/escape.h"
#include "lib/base/number.h"

namespace rm::report {
namespace {

constexpr std::size_t kWidest = 90;

}  // namespace

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

std::string p_value(double p) {
  if (p >= 0.0001) return format_fixed(p, 4);
  return p > 0 ? "10^" + format_fixed(std::floor(std::log10(p)), 0) : "0";
}

std::string percent(double share) { return format_fixed(share * 100, 2); }

void NameColumn::fit(const std::vector<bench::Figure>& figures) {
  for (const bench::Figure& f : figures) width_ = std::max(width_, std::min(f.name.size() + 2, kWidest));
}

std::string figure_row(const bench::Figure& f, const NameColumn& names) {
  const std::size_t shown = f.name.size() + 2 <= names.width() ? f.name.size() : names.width() - 5;
  std::string out = "  " + left(escape_text(f.name, shown), names.width());
  if (!f.value) return out + right("-", 7);
  out += right(percent(*f.value), 7);
  out += "  " + right(percent(f.interval.low), 6) + " to " + right(percent(f.interval.high), 6);
  return out + right(format_grouped(f.n), 10);
}

}  // namespace rm::report
