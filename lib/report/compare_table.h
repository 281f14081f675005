// Comparisons of judges as text, with the manner of score_table.h.
#pragma once

#include <string>
#include <vector>

#include "lib/bench/compare.h"

namespace rm::report {

std::string compare_table(const std::vector<bench::Comparison>& all, bool color, bool partial);

}  // namespace rm::report
