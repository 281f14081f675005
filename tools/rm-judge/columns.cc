#include "tools/rm-judge/columns.h"

#include <algorithm>

#include "lib/base/escape.h"
#include "tools/rm-judge/painter.h"

namespace rm::rmjudge {
namespace {

constexpr int kNarrowest = 32;
constexpr std::string_view kGap = " \u2502 ";  // a bar, one column wide
constexpr int kGapWidth = 3;

// The end of the character at s[at].
std::size_t character_end(std::string_view s, std::size_t at) {
  ++at;
  while (at < s.size() && (static_cast<unsigned char>(s[at]) & 0xC0) == 0x80) ++at;
  return at;
}

class Breaker {
 public:
  explicit Breaker(int width) : width_(std::max(width, 2)) {}

  void line(std::string_view text) {
    current_.clear();
    column_ = 0;
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t begin = text.find_first_not_of(" \t\r", i);
      if (begin == std::string_view::npos) break;
      const int blanks = column_ == 0 && lines_.empty() ? static_cast<int>(begin - i)
                         : i == 0                       ? static_cast<int>(begin)
                                                        : 1;
      i = std::min(text.find_first_of(" \t\r", begin), text.size());
      word(escape_text(text.substr(begin, i - begin), text.size() * 4), std::min(blanks, width_ / 2));
    }
    lines_.push_back(std::move(current_));
    current_ = {};
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  void word(const std::string& w, int blanks) {
    const int columns = display_width(w);
    if (column_ > 0 && column_ + blanks + columns > width_) {
      lines_.push_back(std::move(current_));
      current_ = {};
      column_ = blanks = 0;
    }
    current_.append(static_cast<std::size_t>(blanks), ' ');
    column_ += blanks;
    for (std::size_t i = 0; i < w.size();) {
      const std::size_t end = character_end(w, i);
      const std::string_view c = std::string_view(w).substr(i, end - i);
      const int wide = display_width(c);
      if (column_ + wide > width_) {
        lines_.push_back(std::move(current_));
        current_ = {};
        column_ = 0;
      }
      current_ += c;
      column_ += wide;
      i = end;
    }
  }

  int width_, column_ = 0;
  std::string current_;
  std::vector<std::string> lines_;
};

void cut(std::vector<std::string>& lines, int rows) {
  const auto most = static_cast<std::size_t>(std::max(rows, 1));
  if (lines.size() <= most) return;
  const std::size_t left = lines.size() - most + 1;
  lines.resize(most - 1);
  lines.push_back("... " + std::to_string(left) + " more lines");
}

std::string padded(const std::string& s, int width) {
  return s + std::string(static_cast<std::size_t>(std::max(0, width - display_width(s))), ' ');
}

}  // namespace

std::vector<std::string> text_lines(std::string_view text, int width) {
  Breaker b(width);
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    b.line(text.substr(at, end - at));
    at = end + 1;
  }
  return b.take();
}

std::string side_by_side(const Side& left, const Side& right, int width, int rows, bool bold) {
  const auto title = [bold](const std::string& t) { return bold ? "\x1b[1m" + t + "\x1b[0m" : t; };
  const int half = (width - kGapWidth) / 2;
  std::string out;
  if (half < kNarrowest) {
    for (const Side* s : {&left, &right}) {
      std::vector<std::string> lines = text_lines(s->text, width - 2);
      cut(lines, rows);
      out += title(std::string(s->title)) + "\n";
      for (const std::string& l : lines) out += l.empty() ? "\n" : "  " + l + "\n";
    }
    return out;
  }
  std::vector<std::string> a = text_lines(left.text, half), b = text_lines(right.text, half);
  cut(a, rows);
  cut(b, rows);
  out += title(padded(std::string(left.title), half)) + std::string(kGap) + title(std::string(right.title)) + "\n";
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const std::string l = i < a.size() ? a[i] : "", r = i < b.size() ? b[i] : "";
    out += padded(l, half) + (r.empty() ? " \u2502" : std::string(kGap) + r) + "\n";
  }
  return out;
}

}  // namespace rm::rmjudge
