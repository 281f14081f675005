#include "lib/text/utf8.h"

#include "lib/base/utf8_scan.h"

namespace rm::text {

CodePoint decode_rare(std::string_view text, std::size_t at) {
  const Utf8Step step = utf8_step(text, at);
  return {step.valid ? step.code : kBroken, step.length};
}

void append_code_point(std::string& out, char32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

bool valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_at(text, at);
    if (c.code == kBroken) return false;
    at += c.length;
  }
  return true;
}

std::size_t count_code_points(std::string_view text) {
  std::size_t n = 0;
  for (std::size_t at = 0; at < text.size(); ++n) at += decode_at(text, at).length;
  return n;
}

std::string_view first_code_points(std::string_view text, std::size_t n) {
  std::size_t at = 0;
  for (; n > 0 && at < text.size(); --n) at += decode_at(text, at).length;
  return text.substr(0, at);
}

std::string_view last_code_points(std::string_view text, std::size_t n) {
  // n characters take at most 4 n bytes; a little earlier is a byte where decoding is back in step.
  std::size_t from = 0;
  if (n < text.size() / 4) {
    from = text.size() - 4 * n;
    for (int back = 0; back < 3 && from > 0 && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80; ++back) --from;
    // Broken bytes before a character start never swallow it, so counting from any start byte agrees with the whole.
    if ((static_cast<unsigned char>(text[from]) & 0xC0) == 0x80) from = 0;
  }
  const std::string_view tail = text.substr(from);
  const std::size_t have = count_code_points(tail);
  return have <= n ? tail : tail.substr(first_code_points(tail, have - n).size());
}

std::string sanitise(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_at(text, at);
    if (c.code == kBroken) {
      out += "\xEF\xBF\xBD";
    } else {
      out.append(text, at, c.length);
    }
    at += c.length;
  }
  return out;
}

std::size_t unfinished_tail(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto b = static_cast<unsigned char>(text[text.size() - back]);
    if ((b & 0xC0) == 0x80) continue;
    const std::size_t need = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC0 ? 2 : 1;
    const CodePoint c = decode_at(text, text.size() - back);
    return c.code == kBroken && c.length == back && back < need && b >= 0xC2 && b <= 0xF4 ? back : 0;
  }
  return 0;
}

namespace {
bool is_python_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}
}  // namespace

std::string_view strip_white(std::string_view text) {
  while (!text.empty()) {
    const CodePoint c = decode_at(text, 0);
    if (!is_python_space(c.code)) break;
    text.remove_prefix(c.length);
  }
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && text.size() - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    const CodePoint c = decode_at(text, start);
    if (c.length != text.size() - start || !is_python_space(c.code)) break;
    text.remove_suffix(c.length);
  }
  return text;
}

}  // namespace rm::text
