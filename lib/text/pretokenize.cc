#include "lib/text/pretokenize.h"

#include "lib/text/utf8.h"

namespace rm::text {
namespace {

constexpr std::uint8_t kWord = kLetter | kNumber;

bool is_newline(char c) { return c == '\n' || c == '\r'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

Pieces::Char Pieces::at(std::size_t i) const {
  if (i >= end_) return {};
  const CodePoint c = decode_at(text_, i);
  return {classes_.of(c.code), c.length};
}

std::size_t Pieces::run(std::size_t i, std::uint8_t any_of) const {
  for (;;) {
    while (i < end_ && (classes_.of_byte(text_[i]) & any_of) != 0) ++i;
    if (i >= end_ || classes_.of_byte(text_[i]) != kWide) return i;
    const Char c = at(i);
    if ((c.bits & any_of) == 0) return i;
    i += c.length;
  }
}

std::size_t Pieces::symbols(std::size_t i) const {
  for (;;) {
    while (i < end_ && (classes_.of_byte(text_[i]) & (kWord | kSpace | kWide)) == 0) ++i;
    if (i >= end_ || classes_.of_byte(text_[i]) != kWide) return i;
    const Char c = at(i);
    if ((c.bits & (kWord | kSpace)) != 0) return i;
    i += c.length;
  }
}

std::size_t Pieces::newlines(std::size_t i) const {
  while (i < end_ && is_newline(text_[i])) ++i;
  return i;
}

// White space from i: \s*[\r\n]+ where asked for and there is a newline, else \s+(?!\S), else \s+.
std::size_t Pieces::spaces(std::size_t i, bool to_newline) const {
  std::size_t end = i, last = i, newline = i;
  for (Char c = at(end); c.length != 0 && (c.bits & kSpace) != 0; c = at(end)) {
    last = end;
    if (is_newline(text_[end])) newline = end + 1;
    end += c.length;
  }
  if (to_newline && newline > i) return newline;
  return end == end_ || last == i ? end : last;
}

std::size_t Pieces::contraction(std::size_t i, bool any_case) const {
  if (text_[i] != '\'' || i + 1 >= end_) return i;
  auto letter = [&](std::size_t k) { return i + k >= end_ ? '\0' : any_case ? lower(text_[i + k]) : text_[i + k]; };
  const char a = letter(1), b = letter(2);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return i + 2;
  if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l')) return i + 3;
  // U+017F folds to s, and the patterns ignore case by folding.
  if (any_case && a == '\xC5' && b == '\xBF') return i + 3;
  return i;
}

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
std::size_t Pieces::gpt2(std::size_t i) const {
  if (const std::size_t end = contraction(i, false); end > i) return end;
  const std::size_t from = text_[i] == ' ' ? i + 1 : i;
  const Char c = at(from);
  if (c.length != 0 && (c.bits & kLetter) != 0) return run(from, kLetter);
  if (c.length != 0 && (c.bits & kNumber) != 0) return run(from, kNumber);
  if (c.length != 0 && (c.bits & kSpace) == 0) return symbols(from);
  return spaces(i, false);
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,most}|
// ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
std::size_t Pieces::modern(std::size_t i, int most_digits) const {
  if (const std::size_t end = contraction(i, true); end > i) return end;
  const Char first = at(i);
  if ((first.bits & kLetter) != 0) return run(i, kLetter);
  if ((first.bits & kNumber) != 0) {
    std::size_t end = i;
    Char c = first;
    for (int n = 0; n < most_digits && c.length != 0 && (c.bits & kNumber) != 0; ++n, c = at(end)) end += c.length;
    return end;
  }
  const std::size_t after = i + first.length;
  const Char second = at(after);
  if (!is_newline(text_[i]) && (second.bits & kLetter) != 0) return run(after, kLetter);
  const bool second_symbol = second.length != 0 && (second.bits & (kWord | kSpace)) == 0;
  if ((first.bits & kSpace) == 0) return newlines(symbols(i));
  if (text_[i] == ' ' && second_symbol) return newlines(symbols(after));
  return spaces(i, true);
}

// SmolLM2 cuts out every digit first; the pattern then sees each stretch between them as a text of its own.
void Pieces::find_region() {
  std::size_t i = at_;
  while (i < text_.size()) {
    if ((classes_.of_byte(text_[i]) & (kDigit | kWide)) == 0) {
      ++i;
      continue;
    }
    const CodePoint c = decode_at(text_, i);
    if ((classes_.of(c.code) & kDigit) != 0) {
      end_ = i == at_ ? i + c.length : i;
      return;
    }
    i += c.length;
  }
  end_ = text_.size();
}

std::string_view Pieces::next() {
  if (at_ >= text_.size()) return {};
  if (split_ == Split::kSmolLm && at_ >= end_) find_region();
  const std::size_t from = at_;
  switch (split_) {
    case Split::kGpt2:
    case Split::kSmolLm:
      at_ = gpt2(from);
      break;
    case Split::kQwen2:
      at_ = modern(from, 1);
      break;
    case Split::kLlama3:
      at_ = modern(from, 3);
      break;
  }
  return text_.substr(from, at_ - from);
}

}  // namespace rm::text
