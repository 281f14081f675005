#include "lib/base/json_scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <array>
#include <bit>

#include "lib/base/json.h"
#include "lib/base/number.h"

namespace rm::json {
namespace {

// The next quote, backslash or newline at or behind `at`; the size of the text where there is none.
std::size_t plain_search(std::string_view t, std::size_t at) {
  while (at < t.size() && t[at] != '"' && t[at] != '\\' && t[at] != '\n') ++at;
  return at;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) std::size_t wide_search(std::string_view t, std::size_t at) {
  const __m256i quote = _mm256_set1_epi8('"'), back = _mm256_set1_epi8('\\'), line = _mm256_set1_epi8('\n');
  for (; at + 32 <= t.size(); at += 32) {
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(t.data() + at));
    const __m256i stop = _mm256_or_si256(_mm256_cmpeq_epi8(v, quote), _mm256_cmpeq_epi8(v, back));
    const auto hit = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_or_si256(stop, _mm256_cmpeq_epi8(v, line))));
    if (hit != 0) return at + static_cast<std::size_t>(std::countr_zero(hit));
  }
  return plain_search(t, at);
}

const auto search = __builtin_cpu_supports("avx2") ? wide_search : plain_search;
#else
constexpr auto search = plain_search;
#endif

// What steps over a container stop at. One look-up a byte beats wider searches: between keys and numbers there is little.
constexpr std::array<bool, 256> kStructural = [] {
  std::array<bool, 256> out{};
  for (const char c : {'"', '{', '}', '[', ']', '\n'}) out[static_cast<unsigned char>(c)] = true;
  return out;
}();

}  // namespace

bool Scan::element() {
  char c = peek();
  if (after_value_ && c == ',') {
    ++at_;
    after_value_ = false;
    c = peek();
    if (c == ']') return fail(), false;
  } else if (c == ']') {
    return ++at_, after_value_ = true, false;
  } else if (after_value_) {
    return fail(), false;
  }
  if (c == '\0') fail();
  return ok_;
}

std::size_t Scan::past_long_string(std::size_t at) const {
  for (++at;; at += 2) {
    at = search(text_, at);
    if (at >= text_.size() || text_[at] == '\n') return text_.npos;
    if (text_[at] == '"') return at + 1;
  }
}

std::string_view Scan::scalar() {
  if (peek() == '\0') return fail(), std::string_view();
  const std::size_t begin = at_;
  while (at_ < text_.size() && !blank(text_[at_]) && text_[at_] != '\n' && text_[at_] != ',' && text_[at_] != '}' &&
         text_[at_] != ']')
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

std::optional<std::int64_t> Scan::integer() {
  const std::string_view s = scalar();
  std::int64_t v = 0;
  if (s.empty() || s.size() > 18 || (s[0] == '0' && s.size() > 1)) return fail(), std::nullopt;
  for (const char c : s) {
    if (c < '0' || c > '9') return fail(), std::nullopt;
    v = 10 * v + (c - '0');
  }
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
  ++at_;
  skip_to_depth(1);
}

void Scan::leave() {
  if (ok_) skip_to_depth(1);
}

// Past the bracket that closes the outermost of `depth` open containers.
void Scan::skip_to_depth(std::size_t depth) {
  while (at_ < text_.size()) {
    const char here = text_[at_];
    if (!kStructural[static_cast<unsigned char>(here)]) {
      ++at_;
    } else if (here == '"') {
      at_ = past_string(at_);
      if (at_ == text_.npos) return at_ = text_.size(), fail();
    } else if (here == '\n') {
      return fail();
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
  return ok_ && (at_ == text_.size() || text_[at_] == '\n');
}

std::string unescaped(std::string_view raw) {
  if (raw.find('\\') == raw.npos) return std::string(raw);
  Document document;
  const auto value = document.parse("\"" + std::string(raw) + "\"");
  if (value && value->string()) return std::string(*value->string());
  return "\xEF\xBF\xBD";
}

}  // namespace rm::json
