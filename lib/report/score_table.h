// Scores as text for a terminal or a log: one line a figure, aligned, with intervals.
#pragma once

#include <string>

#include "lib/bench/scores.h"

namespace rm::report {

// Ends in a newline. Colour only where asked for. Of a partial run every line says so.
std::string score_table(const bench::Scores& s, bool color);

}  // namespace rm::report
