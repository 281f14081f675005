// Statistics of rubrics as text, with the manner of score_table.h.
#pragma once

#include <cstddef>
#include <string>

#include "lib/rubric/tally.h"

namespace rm::report {

inline constexpr std::size_t kRubricGroups = 40;  // names of criteria that a table shows; --json has all

// Ends in a newline. Colour only where asked for.
std::string rubric_table(const rubric::Summary& s, bool color);

}  // namespace rm::report
