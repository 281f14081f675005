// How much a criterion weighs, in the spellings models use. Pure functions, linear in the text.
//
// A percentage and a decimal (0.4) say it all. Points and bare numbers have a meaning only against a total, and 3/10 may be a
// mark; whoever knows the whole rubric resolves them (criteria.h). Words have none: high, medium and low are reported, never turned into numbers.
#pragma once

#include <optional>
#include <string_view>

namespace rm::rubric {

struct Amount {
  enum class Kind {
    kFraction,  // value is the weight
    kRatio,     // "3/10", as 0.3: a weight, or a mark
    kPoints,    // "30 points": a share of a total
    kBare,      // "30": a share of a total, if it is a weight at all
    kNone,      // something stands in the place of a weight that is none: see why
  };
  Kind kind = Kind::kNone;
  double value = 0;
  const char* why = "word";  // kNone: word, out_of_range, malformed
};

// A number with its unit at the front of `s`, which moves past it: "40%", "%40", "40 percent", "0.4", "2/5", "30 points", "30".
// Empty: `s` does not begin with a number, or goes on in a way that makes it something else ("40-50%", "3rd").
std::optional<Amount> eat_amount(std::string_view& s);

// The same behind an optional "weight", "importance" or "points", with ':' or '=' or "of" between, and an optional "weight" or "of
// the total" after it. `named` tells whether such a word was there; with it, what is no number is Kind::kNone.
std::optional<Amount> eat_weight(std::string_view& s, bool& named);

// The whole of `text` as a weight.
std::optional<Amount> read_amount(std::string_view text);

bool mentions_weight(std::string_view s);  // weight, weigh, importance, points, percent

}  // namespace rm::rubric
