// Small words about text that the readers of this layer share. ASCII; other bytes pass as they are. Internal to lib/rubric.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace rm::rubric {

inline constexpr std::string_view kBlank = " \t\r\n";
inline constexpr std::string_view kDigits = "0123456789";

std::string_view trim(std::string_view s, std::string_view what = kBlank);
std::string lower(std::string_view s);
// Takes `prefix` off the front; false when it is not there.
bool eat(std::string_view& s, std::string_view prefix);
// The first of `words` (lower case) that `s` begins with, whatever its case, with the blanks behind it. A word that ends in a letter
// must end there.
bool eat_word(std::string_view& s, std::initializer_list<std::string_view> words);
bool is_letter(char c);

}  // namespace rm::rubric
