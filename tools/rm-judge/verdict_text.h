// What a judgment says to a person: verdict, votes, rubric, ranking or ratings, answers side by side.
#pragma once

#include <string>
#include <vector>

#include "lib/records/judgment.h"
#include "tools/rm-judge/one.h"
#include "tools/rm-judge/screen.h"

namespace rm::rmjudge {

// Everything below the traces. `odd`: the record's warnings.
void print_judgment(Screen& s, const Question& q, const records::Judgment& j, const std::vector<std::string>& odd);

}  // namespace rm::rmjudge
