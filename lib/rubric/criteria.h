// The weighted criteria inside a rubric, in the spellings models use: numbered and bulleted lists, bold names, tables,
// weights in brackets, after a colon or on a line of their own. Pure functions, linear in the text.
//
// A weight is read only where it stands as one: "40%", "(30 %)", "Weight: 0.3", a table cell; a percentage inside a sentence
// is not. A bare number above 1 has no known scale and is not read.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lib/records/rubric.h"

namespace rm::rubric {

std::vector<records::Criterion> read_criteria(std::string_view text);

// The whole of `text` as a weight: an optional "weight" before or after, ':' or '=' between, a number with % or a fraction.
std::optional<double> read_weight(std::string_view text);

}  // namespace rm::rubric
