#include "lib/base/json_fault.h"

#include <array>

#include "lib/base/limits.h"
#include "lib/base/utf8_scan.h"

namespace rm::json {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string show(char c) {
  const auto b = static_cast<unsigned char>(c);
  if (b > 0x20 && b < 0x7F) return std::string("'") + c + "'";
  return std::string("byte 0x") + kHex[b >> 4] + kHex[b & 15];
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  std::optional<Fault> run();

 private:
  enum class Want { kValue, kValueOrEnd, kKey, kKeyOrEnd, kColon, kCommaOrEnd, kNothing };

  bool fail(std::size_t at, std::string message, const char* reason = "bad_json") {
    if (!fault_) fault_ = Fault{reason, std::move(message), at};
    return false;
  }
  // A failure that more text could have prevented, if `missing`.
  bool fail_cut(bool missing, std::size_t at, std::string message, const char* reason = "bad_json") {
    fail(at, std::move(message), reason);
    if (missing) fault_->cut = true;
    return false;
  }
  bool step(char c);
  bool value(char c);
  bool open(char c);
  void close();
  bool string();
  bool escape();
  bool number();
  bool word(std::string_view w);
  int hex4(std::size_t at) const;
  void after_value() { want_ = depth_ == 0 ? Want::kNothing : Want::kCommaOrEnd; }
  std::string found() const { return at_ < text_.size() ? show(text_[at_]) : std::string("the end of the text"); }

  std::string_view text_;
  std::size_t at_ = 0;
  Want want_ = Want::kValue;
  int depth_ = 0;
  std::array<char, limits::kJsonDepth + 1> open_{};
  std::optional<Fault> fault_;
};

int Scanner::hex4(std::size_t at) const {
  if (at + 4 > text_.size()) return -1;
  int v = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const char lower = static_cast<char>(text_[i] | 0x20);
    const auto digit = is_digit(text_[i]) ? kHex.find(text_[i]) : kHex.find(lower, 10);
    if (digit == std::string_view::npos) return -1;
    v = v * 16 + static_cast<int>(digit);
  }
  return v;
}

bool Scanner::escape() {
  const std::size_t start = at_++;
  if (at_ >= text_.size()) return fail_cut(true, text_.size(), "the text ends inside a string");
  if (text_[at_] != 'u') {
    if (std::string_view("\"\\/bfnrt").find(text_[at_]) == std::string_view::npos) {
      return fail(start, "a string holds an unknown escape");
    }
    ++at_;
    return true;
  }
  const int high = hex4(at_ + 1);
  if (high < 0) return fail_cut(text_.size() - at_ < 5, start, "\\u is not followed by four hexadecimal digits");
  at_ += 5;
  if (high < 0xD800 || high > 0xDFFF) return true;
  const bool pair = high < 0xDC00 && text_.substr(at_, 2) == "\\u";
  const int low = pair ? hex4(at_ + 2) : -1;
  if (low < 0xDC00 || low > 0xDFFF)
    return fail_cut(text_.size() - at_ < 6 && high < 0xDC00, start, "a lone surrogate escape stands for no character");
  at_ += 6;
  return true;
}

bool Scanner::string() {
  ++at_;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '"') return ++at_, true;
    if (c == '\\') {
      if (!escape()) return false;
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x20)
      return fail(at_, "a string holds the raw control " + show(c) + "; write it as an escape");
    const Utf8Step s = utf8_step(text_, at_);
    if (!s.valid) {
      return fail_cut(at_ + s.length == text_.size() && s.length > 0, at_, show(c) + " is not valid UTF-8", "bad_utf8");
    }
    at_ += s.length;
  }
  return fail_cut(true, text_.size(), "the text ends inside a string");
}

bool Scanner::number() {
  const std::size_t start = at_;
  auto digits = [&] {
    const std::size_t from = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ - from;
  };
  if (text_[at_] == '-') ++at_;
  const bool zero = at_ < text_.size() && text_[at_] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return fail_cut(at_ == text_.size(), start, "a number is malformed");
  if (at_ < text_.size() && text_[at_] == '.') {
    ++at_;
    if (digits() == 0) return fail_cut(at_ == text_.size(), start, "a number is malformed");
  }
  if (at_ < text_.size() && (text_[at_] | 0x20) == 'e') {
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    if (digits() == 0) return fail_cut(at_ == text_.size(), start, "a number is malformed");
  }
  return true;
}

bool Scanner::word(std::string_view w) {
  const std::string_view rest = text_.substr(at_, w.size());
  if (rest != w) return fail_cut(rest == w.substr(0, rest.size()), at_, "expected a value, found " + found());
  at_ += w.size();
  return true;
}

bool Scanner::open(char c) {
  if (depth_ == limits::kJsonDepth) {
    return fail(at_, "nested deeper than " + std::to_string(limits::kJsonDepth) + " levels", "too_deep");
  }
  open_[static_cast<std::size_t>(depth_++)] = c;
  ++at_;
  want_ = c == '{' ? Want::kKeyOrEnd : Want::kValueOrEnd;
  return true;
}

void Scanner::close() {
  --depth_;
  ++at_;
  after_value();
}

bool Scanner::value(char c) {
  if (c == '{' || c == '[') return open(c);
  bool ok = false;
  if (c == '"') {
    ok = string();
  } else if (c == '-' || is_digit(c)) {
    ok = number();
  } else if (c == 't') {
    ok = word("true");
  } else if (c == 'f') {
    ok = word("false");
  } else if (c == 'n') {
    ok = word("null");
  } else {
    return fail(at_, "expected a value, found " + found());
  }
  if (ok) after_value();
  return ok;
}

bool Scanner::step(char c) {
  const char closing = depth_ > 0 && open_[static_cast<std::size_t>(depth_ - 1)] == '{' ? '}' : ']';
  switch (want_) {
    case Want::kValueOrEnd:
      if (c == ']') return close(), true;
      return value(c);
    case Want::kValue:
      return value(c);
    case Want::kKeyOrEnd:
      if (c == '}') return close(), true;
      [[fallthrough]];
    case Want::kKey:
      if (c != '"') return fail(at_, "expected a key in double quotes, found " + found());
      want_ = Want::kColon;
      return string();
    case Want::kColon:
      if (c != ':') return fail(at_, "expected ':' after a key, found " + found());
      ++at_;
      want_ = Want::kValue;
      return true;
    case Want::kCommaOrEnd:
      if (c == closing) return close(), true;
      if (c != ',') return fail(at_, std::string("expected ',' or '") + closing + "', found " + found());
      ++at_;
      want_ = closing == '}' ? Want::kKey : Want::kValue;
      return true;
    case Want::kNothing:
      return fail(at_, "more text follows the end of the value");
  }
  return false;
}

std::optional<Fault> Scanner::run() {
  while (!fault_) {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (at_ == text_.size()) {
      if (want_ != Want::kNothing)
        fail_cut(true, at_, depth_ > 0 ? "the text ends inside an object or array" : "the text is empty");
      break;
    }
    if (static_cast<unsigned char>(text_[at_]) >= 0x80) {
      const Utf8Step s = utf8_step(text_, at_);
      if (s.valid && s.code == 0xFEFF) {
        fail(at_, "a byte order mark stands inside the text");
      } else if (!s.valid) {
        fail(at_, found() + " is not valid UTF-8", "bad_utf8");
      }
    }
    if (!fault_ && !step(text_[at_])) break;
  }
  return fault_;
}

}  // namespace

std::optional<Fault> find_fault(std::string_view text) { return Scanner(text).run(); }

}  // namespace rm::json
