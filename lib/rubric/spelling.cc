#include "lib/rubric/spelling.h"

namespace rm::rubric {

std::string_view trim(std::string_view s, std::string_view what) {
  const std::size_t first = s.find_first_not_of(what);
  if (first == s.npos) return {};
  return s.substr(first, s.find_last_not_of(what) - first + 1);
}

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

bool eat(std::string_view& s, std::string_view prefix) {
  if (s.substr(0, prefix.size()) != prefix) return false;
  s.remove_prefix(prefix.size());
  return true;
}

bool eat_word(std::string_view& s, std::initializer_list<std::string_view> words) {
  for (const std::string_view w : words) {
    if (s.size() < w.size() || lower(s.substr(0, w.size())) != w) continue;
    if (is_letter(w.back()) && s.size() > w.size() && is_letter(s[w.size()])) continue;
    s = s.substr(w.size());
    const std::size_t next = s.find_first_not_of(kBlank);
    s = next == s.npos ? std::string_view() : s.substr(next);
    return true;
  }
  return false;
}

}  // namespace rm::rubric
