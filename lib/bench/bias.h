// What a judge leans on besides quality: the order of answers, their length, their markdown.
#pragma once

#include <vector>

#include "lib/bench/figures.h"

namespace rm::bench {

// Figures of group "bias"; those that nothing was there for are left out. Names and what they are:
//   both orders agree                 of the records asked in both orders
//   says A                            of the verdicts as written
//   right when the right one is A, B  accuracy by where the right answer stood (records in one order)
//   prefers the longer                of the decided pairs whose answers differ in length; beside it, the longer is right
//   prefers more markdown             likewise by headers, list items and bold spans; more markdown is right
//   length-controlled accuracy        what logistic regression on the difference in length expects where there is none
std::vector<Figure> bias_figures(const std::vector<Row>& rows, const Settings& s);

}  // namespace rm::bench
