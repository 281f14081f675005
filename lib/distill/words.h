// The words of a text, for comparing texts that differ in case, spacing and punctuation only.
//
// A word is a run of ASCII letters and digits (as lower case) and other characters, where a character of Chinese, Japanese or
// Korean script is a word alone, and ASCII punctuation, U+0080-00BF, U+2000-206F, U+3000-303F and U+FF00-FF0F part words. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace rm::distill {

// Appends a hash of each word.
void append_words(std::vector<std::uint64_t>& out, std::string_view text);

}  // namespace rm::distill
