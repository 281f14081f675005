// Ratings: every answer read on its own and given a number on a scale.
//
// Pure functions, like judge/judge. A rating is read as strictly as a verdict: the number of the visible block
// <answer>[[N]]</answer> (judge/visible.h), within the scale; two different numbers are a conflict.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/judge/judge.h"
#include "lib/records/candidates.h"

namespace rm::judge {

std::optional<Scale> parse_scale(std::string_view flag);  // "1-10"; low < high, both in [0, 1000]

struct Rating {
  std::optional<double> value;  // empty: see why
  NoVerdict why = NoVerdict::kMissing;
};
Rating read_rating(std::string_view trace, Scale scale);

// settings.samples requests for each answer, each with the Sample it will become: `answer` is set, the rest is not.
Result<std::vector<Ask>> plan_ratings(const records::Candidates& c, const PromptSet& prompts, const Settings& s);

// Fills rating and reason of a sample from its text.
void read_rated_sample(records::Sample& sample, Scale scale);

// Everything of a judgment that follows from its rated samples: the mean rating of every answer, and with exactly two answers
// the verdict as well (the higher mean; equal ones tie). `pair` tells how the record names its answers and which is right.
void count_ratings(records::Judgment& j, std::size_t answers, const records::Pair* pair);

}  // namespace rm::judge
