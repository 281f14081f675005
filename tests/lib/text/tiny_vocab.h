// A byte-level vocabulary small enough to read: all bytes in order of value, a few merges, three added tokens.
#pragma once

#include <string>

#include "lib/text/utf8.h"
#include "lib/text/vocab.h"

namespace rm::text {

// The character that stands for a byte in a vocabulary file.
inline std::string mapped_byte(unsigned b) {
  unsigned other = 0;  // how many bytes below b stand for other characters
  auto itself = [](unsigned x) { return (x >= 0x21 && x <= 0x7E) || (x >= 0xA1 && x <= 0xAC) || x >= 0xAE; };
  for (unsigned x = 0; x < b; ++x) other += itself(x) ? 0 : 1;
  std::string out;
  append_code_point(out, itself(b) ? b : 0x100 + other);
  return out;
}

inline Vocab tiny_vocab() {
  Vocab v;
  for (unsigned b = 0; b < 256; ++b) v.tokens.push_back(mapped_byte(b));
  for (const char* merge : {"h e", "l l", "he ll", "hell o", "Ġ hello", "A A", "AA AA", "i m", "< |"}) {
    std::string token = merge;
    token.erase(token.find(' '), 1);
    v.merges.emplace_back(merge);
    v.tokens.push_back(token);
  }
  const auto n = static_cast<std::int32_t>(v.tokens.size());
  v.added = {{n, "<|im_start|>", true}, {n + 1, "<|im|>", true}, {n + 2, "<think>", false}};
  return v;
}

}  // namespace rm::text
