// Rankings of more than two answers from judged matches between them.
//
// Pure functions, like judge/judge. A match is a pair of answers judged as any other pair, with the same samples and orders;
// the outcome of a match is its first answer's share of the votes.
#pragma once

#include <optional>
#include <vector>

#include "lib/judge/judge.h"
#include "lib/judge/schedule.h"
#include "lib/records/candidates.h"

namespace rm::judge {

// The requests of one match. `first_id` numbers them; Ask::request.id counts on from there.
Result<std::vector<Ask>> plan_match(const records::Candidates& c, const Match& m, const PromptSet& prompts,
                                    const Settings& s, std::uint64_t first_id);

// Matches that a budget in calls pays for: one call for every sample and order. 0 stays 0.
std::int64_t matches_within(std::int64_t calls, const Settings& s);

// The outcome of a match from its samples: share of the votes for the first answer, or with logprobs the mean P(first);
// empty without a vote.
std::optional<double> outcome(const std::vector<records::Sample>& samples);

// Everything of a judgment that follows from its samples: Bradley-Terry scores of all games found in them, the order, and
// `correct` where the record says which answers are right (the best one is among them).
void count_ranking(records::Judgment& j, const records::Candidates& c);

}  // namespace rm::judge
