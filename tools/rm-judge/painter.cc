#include "tools/rm-judge/painter.h"

#include <array>
#include <cstdint>

#include "lib/base/escape.h"

namespace rm::rmjudge {
namespace {

constexpr std::size_t kLongestWord = 4096;
constexpr std::string_view kDim = "\x1b[2m", kBold = "\x1b[1m", kOff = "\x1b[0m";
constexpr std::array<std::string_view, 14> kTags = {"type",    "rubric",    "justify",   "eval",     "quote_A",
                                                    "quote_B", "summary_A", "summary_B", "solution", "answer",
                                                    "think",   "analysis",  "critique",  "verdict"};

std::uint32_t next_code_point(std::string_view s, std::size_t& i) {
  const auto lead = static_cast<unsigned char>(s[i++]);
  int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  std::uint32_t c = more == 0 ? lead : lead & (0x3Fu >> more);
  for (; more > 0 && i < s.size(); --more) c = (c << 6) | (static_cast<unsigned char>(s[i++]) & 0x3Fu);
  return c;
}

bool wide(std::uint32_t c) {
  return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
         (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
}

bool narrowless(std::uint32_t c) {
  return (c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0x2060 ||
         c == 0xFEFF;
}

// Length of the known tag that starts at s[at], else 0.
std::size_t tag_length(std::string_view s, std::size_t at) {
  const std::size_t end = s.find('>', at);
  if (end == std::string_view::npos) return 0;
  std::string_view name = s.substr(at + 1, end - at - 1);
  if (name.starts_with('/')) name.remove_prefix(1);
  for (const std::string_view t : kTags) {
    if (name == t) return end + 1 - at;
  }
  return 0;
}

}  // namespace

int display_width(std::string_view s) {
  int columns = 0;
  for (std::size_t i = 0; i < s.size();) {
    const std::uint32_t c = next_code_point(s, i);
    columns += wide(c) ? 2 : narrowless(c) ? 0 : 1;
  }
  return columns;
}

std::string wrapped(std::string_view text, int width, int indent) {
  std::string out;
  int column = indent;
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n", i);
    if (begin == std::string_view::npos) break;
    i = text.find_first_of(" \t\r\n", begin);
    if (i == std::string_view::npos) i = text.size();
    const std::string word = escape_text(text.substr(begin, i - begin), kLongestWord);
    const int columns = display_width(word);
    if (!out.empty() && column + 1 + columns > width) {
      out += '\n' + std::string(static_cast<std::size_t>(indent), ' ');
      column = indent;
    } else if (!out.empty()) {
      out += ' ';
      ++column;
    }
    out += word;
    column += columns;
  }
  return out;
}

std::string Painter::dressed() const {
  const std::string safe = width_ > 0 || color_ ? escape_text(word_, kLongestWord * 2) : word_;
  if (!color_) return safe;
  std::string out;
  for (std::size_t i = 0; i < safe.size();) {
    if (const std::size_t n = safe[i] == '<' ? tag_length(safe, i) : 0; n > 0) {
      out.append(kDim).append(safe, i, n).append(kOff);
      i += n;
    } else if (safe.compare(i, 5, "[[A]]") == 0 || safe.compare(i, 5, "[[B]]") == 0) {
      out.append(kBold).append(safe, i, 5).append(kOff);
      i += 5;
    } else {
      out += safe[i++];
    }
  }
  return out;
}

void Painter::word() {
  if (word_.empty()) return;
  const int columns = width_ > 0 ? display_width(word_) : 0;
  if (width_ > 0 && column_ > 0 && column_ + blanks_ + columns > width_) {
    sink_("\n");
    column_ = 0;
  } else {
    sink_(std::string(static_cast<std::size_t>(blanks_), ' '));
    column_ += blanks_;
  }
  blanks_ = 0;
  sink_(dressed());
  column_ += columns;
  word_.clear();
}

void Painter::space(char c) {
  word();
  if (c == '\n') {
    sink_("\n");
    column_ = blanks_ = 0;
  } else {
    blanks_ += c == '\t' ? 4 : 1;
  }
}

void Painter::push(std::string_view text) {
  if (width_ == 0 && !color_) {
    if (!text.empty()) column_ = text.back() == '\n' ? 0 : 1;
    return sink_(text);
  }
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == ' ' || c == '\t' || c == '\n') {
      space(c);
      ++i;
      continue;
    }
    std::size_t end = i;
    const bool breakable = wide(next_code_point(text, end));
    if (breakable) word();  // CJK text has no blanks: a line may end at any character
    word_.append(text, i, end - i);
    if (breakable || word_.size() > kLongestWord) word();
    i = end;
  }
}

void Painter::finish() {
  word();
  if (column_ > 0) sink_("\n");
  column_ = blanks_ = 0;
}

}  // namespace rm::rmjudge
