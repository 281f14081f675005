// A light walk over one line of JSON that reads a few fields of it and steps over the rest.
//
// A newline is a fault wherever it stands, so a line that was cut never swallows the next; behind the line the text may go on.
// Zero-copy and without allocation: strings come back as they stand between their quotes, escapes and all. What is read is
// held to the grammar; what is skipped is only balanced, so this is no judge of whether a text is JSON (json.h is). After a
// fault ok() is false, every call returns at once, and at() is where it was met. Linear, no recursion; any thread.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rm::json {

class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}

  bool ok() const { return ok_; }
  std::size_t at() const { return at_; }
  // The first byte of the value that follows; 0 at the end of the text.
  char peek() {
    space();
    return ok_ && at_ < text_.size() ? text_[at_] : '\0';
  }

  // Steps into a container: '{' or '['. A value of another kind is a fault.
  void enter(char open) {
    if (peek() != open) return fail();
    ++at_;
    after_value_ = false;
  }
  // In an object: the next member's raw key, and stands before its value; false behind the closing brace.
  bool member(std::string_view& key) {
    if (after_value_ && ok_ && at_ + 2 < text_.size() && text_[at_] == ',' && text_[at_ + 1] == '"') {
      // As our own records have it: no blanks.
      const std::size_t begin = at_ + 2, end = past_string(at_ + 1);
      if (end < text_.size() && text_[end] == ':') {
        key = text_.substr(begin, end - 1 - begin);
        at_ = end + 1;
        after_value_ = false;
        return true;
      }
    }
    char c = peek();
    if (after_value_ && c == ',') {
      ++at_;
      c = peek();
      if (c != '"') return fail(), false;
    } else if (c == '}') {
      return ++at_, after_value_ = true, false;
    } else if (after_value_ || c != '"') {
      return fail(), false;
    }
    key = string();
    if (peek() != ':') return fail(), false;
    ++at_;
    after_value_ = false;
    return ok_;
  }
  // In an array: stands before the next value; false behind the closing bracket.
  bool element();

  std::string_view string() {  // raw; a value of another kind is a fault
    if (peek() != '"') return fail(), std::string_view();
    const std::size_t begin = at_ + 1, end = past_string(at_);
    if (end == text_.npos) return fail(), std::string_view();
    at_ = end;
    after_value_ = true;
    return text_.substr(begin, end - 1 - begin);
  }
  std::optional<double> number();
  std::optional<std::int64_t> integer();  // written as one, and not negative; anything else is a fault
  std::optional<bool> boolean();
  bool null();  // steps over a null; false and still before the value where it is none
  void skip();  // any value
  // Out of the object or array that was entered last: what is left of it is skipped, and only balanced.
  void leave();
  bool end();  // nothing but white space is left, on this line or at all

 private:
  void fail() { ok_ = false; }
  void space() {
    while (at_ < text_.size() && blank(text_[at_])) ++at_;
  }
  static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
  void skip_to_depth(std::size_t depth);
  std::string_view scalar();
  // Behind the closing quote of the string at `at`; npos without one. Most strings of records are short keys and words.
  std::size_t past_string(std::size_t at) const {
#if defined(__SSE2__)
    if (at + 17 <= text_.size()) {
      const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text_.data() + at + 1));
      const __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
      const auto hit =
          static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(stop, _mm_cmpeq_epi8(v, _mm_set1_epi8('\n')))));
      if (hit != 0) {
        const std::size_t i = at + 1 + static_cast<std::size_t>(std::countr_zero(hit));
        if (text_[i] == '"') return i + 1;
      }
    }
#endif
    return past_long_string(at);
  }
  std::size_t past_long_string(std::size_t at) const;

  std::string_view text_;  // may hold more than the line
  std::size_t at_ = 0;
  bool after_value_ = false, ok_ = true;
};

// The characters that a raw string stands for. Escapes that no JSON text may hold come out as U+FFFD.
std::string unescaped(std::string_view raw);

}  // namespace rm::json
