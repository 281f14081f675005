// Two texts side by side, as a terminal shows them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rm::rmjudge {

// A text broken into lines of at most `width` columns: its own lines kept, long ones wrapped at blanks and, where a word alone
// is longer, inside the word. Control characters are escaped.
std::vector<std::string> text_lines(std::string_view text, int width);

struct Side {
  std::string_view title, text;
};

// Both texts under their titles, in two columns where `width` gives each at least 32, else one after the other. At most `rows`
// lines of each; the last one then says how many were left out. With `bold` the titles stand out.
std::string side_by_side(const Side& left, const Side& right, int width, int rows, bool bold = false);

}  // namespace rm::rmjudge
