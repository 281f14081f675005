// Criteria in running text: "accuracy (50%), clarity (30%) and tone (20%)", "40% for accuracy"; or "Accuracy, Clarity and Tone" and
// nothing more. Internal to criteria.
#pragma once

#include <string_view>

#include "lib/rubric/ledger.h"

namespace rm::rubric {

// Reads names beside percentages, and only where there are two or more of them; the text of a sentence is never taken for a name.
void read_prose(std::string_view text, Ledger& to);

}  // namespace rm::rubric
