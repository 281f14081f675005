#include "lib/base/json_scan.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstdint>

#include "lib/base/json.h"
#include "lib/base/number.h"

namespace rm::json {
namespace {

// The next quote or backslash at or behind `at`; the size of the text where there is none.
std::size_t quote_or_backslash(std::string_view t, std::size_t at) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"'), back = _mm_set1_epi8('\\');
  for (; at + 16 <= t.size(); at += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(t.data() + at));
    const int hit = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, back)));
    if (hit != 0) return at + static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(hit)));
  }
#endif
  while (at < t.size() && t[at] != '"' && t[at] != '\\') ++at;
  return at;
}

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

bool structural(char c) { return c == '"' || c == '{' || c == '}' || c == '[' || c == ']'; }

}  // namespace

void Scan::space() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

char Scan::peek() {
  space();
  return ok_ && at_ < text_.size() ? text_[at_] : '\0';
}

void Scan::enter(char open) {
  if (peek() != open) return fail();
  ++at_;
  after_value_ = false;
}

bool Scan::member(std::string_view& key) {
  char c = peek();
  if (c == '}' && at_ > 0) return ++at_, after_value_ = true, false;
  if (after_value_) {
    if (c != ',') return fail(), false;
    ++at_;
    c = peek();
  }
  if (c != '"') return fail(), false;
  key = string();
  if (peek() != ':') return fail(), false;
  ++at_;
  after_value_ = false;
  return ok_;
}

bool Scan::element() {
  const char c = peek();
  if (c == ']') return ++at_, after_value_ = true, false;
  if (after_value_) {
    if (c != ',') return fail(), false;
    ++at_;
    after_value_ = false;
    if (peek() == ']') return fail(), false;
  }
  if (peek() == '\0') return fail(), false;
  return ok_;
}

std::size_t Scan::past_string(std::size_t at) const {
  for (++at;; at += 2) {
    at = quote_or_backslash(text_, at);
    if (at >= text_.size()) return text_.npos;
    if (text_[at] == '"') return at + 1;
  }
}

std::string_view Scan::string() {
  if (peek() != '"') return fail(), std::string_view();
  const std::size_t begin = at_ + 1, end = past_string(at_);
  if (end == text_.npos) return fail(), std::string_view();
  at_ = end;
  after_value_ = true;
  return text_.substr(begin, end - 1 - begin);
}

std::string_view Scan::scalar() {
  if (peek() == '\0') return fail(), std::string_view();
  const std::size_t begin = at_;
  while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']')
    ++at_;
  if (at_ == begin) fail();
  after_value_ = true;
  return text_.substr(begin, at_ - begin);
}

std::optional<double> Scan::number() {
  const std::string_view s = scalar();
  const auto v = s.empty() || s[0] == '+' ? std::nullopt : parse_double(s);
  if (!v) fail();
  return v;
}

std::optional<bool> Scan::boolean() {
  const std::string_view s = scalar();
  if (s == "true") return true;
  if (s == "false") return false;
  return fail(), std::nullopt;
}

bool Scan::null() {
  if (peek() != 'n') return false;
  if (scalar() != "null") fail();
  return ok_;
}

void Scan::skip() {
  const char c = peek();
  if (c == '"') return (void)string();
  if (c != '{' && c != '[') return (void)scalar();
  std::size_t depth = 0;
  while (at_ < text_.size()) {
    const char here = text_[at_];
    if (!structural(here)) {
      ++at_;
    } else if (here == '"') {
      at_ = past_string(at_);
      if (at_ == text_.npos) return at_ = text_.size(), fail();
    } else {
      ++at_;
      depth += here == '{' || here == '[' ? 1u : 0u;
      if ((here == '}' || here == ']') && --depth == 0) return (void)(after_value_ = true);
    }
  }
  fail();
}

bool Scan::end() {
  space();
  return ok_ && at_ == text_.size();
}

std::string unescaped(std::string_view raw) {
  if (raw.find('\\') == raw.npos) return std::string(raw);
  Document document;
  const auto value = document.parse("\"" + std::string(raw) + "\"");
  if (value && value->string()) return std::string(*value->string());
  return "\xEF\xBF\xBD";
}

}  // namespace rm::json
