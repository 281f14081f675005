#include "lib/distill/words.h"

#include <array>
#include <string>

#include "lib/base/hash.h"
#include "lib/text/utf8.h"

namespace rm::distill {
namespace {

// What a byte below 0x80 adds to a word; 0 parts words.
constexpr std::array<char, 128> kLower = [] {
  std::array<char, 128> out{};
  for (std::size_t c = '0'; c <= '9'; ++c) out[c] = static_cast<char>(c);
  for (std::size_t c = 'a'; c <= 'z'; ++c) out[c] = static_cast<char>(c);
  for (std::size_t c = 'A'; c <= 'Z'; ++c) out[c] = static_cast<char>(c - 'A' + 'a');
  return out;
}();

bool within(char32_t c, char32_t low, char32_t high) { return c >= low && c <= high; }

bool parts(char32_t c) {
  return within(c, 0x80, 0xBF) || within(c, 0x2000, 0x206F) || within(c, 0x3000, 0x303F) || within(c, 0xFF00, 0xFF0F);
}

// Scripts written without spaces: each character is a word.
bool alone(char32_t c) {
  return within(c, 0x2E80, 0x2FFF) || within(c, 0x3040, 0x9FFF) || within(c, 0xAC00, 0xD7AF) ||
         within(c, 0xF900, 0xFAFF) || within(c, 0x20000, 0x3FFFF);
}

}  // namespace

void append_words(std::vector<std::uint64_t>& out, std::string_view text) {
  std::string word;
  auto finish = [&] {
    if (!word.empty()) out.push_back(hash64(word));
    word.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto b = static_cast<unsigned char>(text[at]);
    if (b < 0x80) {
      ++at;
      if (const char c = kLower[b]; c != 0) {
        word += c;
      } else {
        finish();
      }
      continue;
    }
    const text::CodePoint p = text::decode_at(text, at);
    if (parts(p.code)) {
      finish();
    } else if (alone(p.code)) {
      finish();
      out.push_back(hash64(text.substr(at, p.length)));
    } else {
      word.append(text.substr(at, p.length));
    }
    at += p.length;
  }
  finish();
}

}  // namespace rm::distill
