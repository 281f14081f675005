// The judge's prompts for pairs that come with a rubric, in our words: RM-R1's tags for the comparison and the verdict, and no
// rubric of the model's own. Texts only; judge/prompt fills the slots.
#pragma once

#include <string>
#include <string_view>

#include "lib/records/rubric.h"

namespace rm::judge {

namespace wording {

extern const std::string_view kRubricSystem, kRubricUser, kRubricMultiTurn;
extern const std::string_view kPlainRubricUser, kPlainRubricMultiTurn;

}  // namespace wording

// A rubric as a judge reads it: its criteria as a numbered list with their weights in percent, then its solution. The
// justification is left out: it was written beside particular answers and may say which is better.
std::string shown(const records::Rubric& r);

// The instructions to write a rubric or a solution: for a question alone, with two answers beside it, or (contrast) with one of
// them known to be better.
std::string ask_wording(bool pair, bool contrast);

}  // namespace rm::judge
