// The weighted criteria inside a rubric, in the spellings models use: numbered and bulleted lists, bold names, headings,
// tables, elements, running text; weights in brackets, after a colon, on a line of their own or in a second list. Pure functions,
// linear in the text.
//
// Reads, never guesses. A weight is read only where it stands as one: "40%", "(30 %)", "Weight: 0.3", a table cell; a percentage
// inside a sentence is not. Points and bare numbers are shares of the total that the rubric states, or of 100 or 10 where those of
// all its criteria add up to that; 3/10 without the word weight counts where all such shares add up to 1. What stands in the place of
// a weight and is none of these goes to `unread` with its reason: word, no_total, out_of_range, malformed, conflict (two weights of
// one criterion), no_criterion (a weight of something that is no criterion).
#pragma once

#include <string_view>
#include <vector>

#include "lib/records/rubric.h"

namespace rm::rubric {

struct Criteria {
  std::vector<records::Criterion> list;
  std::vector<records::Unread> unread;
};

// `cut`: the text breaks off, so a last line whose name has no visible end is left out.
Criteria read_criteria(std::string_view text, bool cut = false);

}  // namespace rm::rubric
