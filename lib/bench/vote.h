// One judgment from those of several judges about the same record: the majority of their verdicts, or the mean of their ratings.
//
// A judge without a verdict has no vote, and a tie of one is a vote for neither. Pure function.
#pragma once

#include <span>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/records/judgment.h"

namespace rm::bench {

// `records` are the judged records, one a judge, with the same fields but `judgment`. A failure record counts as a judge
// without a vote; where all failed the result is an Error with reason "all_failed". The judgment's `votes` count judges, its
// samples are all of theirs, its model names them. Errors: "bad_judgment", "not_votable" for rankings and for ratings beside
// verdicts.
Result<records::Judgment> vote(std::span<const json::Value> records);

}  // namespace rm::bench
