// What a policy is worth on pairs it has not seen: it judges each in both orders, greedily, and its verdicts are counted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lib/base/result.h"
#include "lib/generate/token_engine.h"
#include "lib/rl/prompts.h"
#include "lib/rl/rollouts.h"
#include "lib/stats/wilson.h"

namespace rm::rl {

struct HeldOut {
  std::int64_t asked = 0, parsed = 0, right = 0, truncated = 0;  // replies; right: of all that were asked
  std::int64_t pairs = 0;                                        // asked in both orders
  std::int64_t consistent = 0;                                   // of them: the same answer preferred in both
  std::int64_t both_right = 0;                                   // of them
  double length = 0;                                             // mean tokens of a reply
  double accuracy() const { return asked > 0 ? static_cast<double>(right) / static_cast<double>(asked) : 0; }
  // Of the accuracy: Wilson's, with the pairs as trials, for the two orders of a pair are not independent.
  stats::Interval interval() const;
};

// Two prompts of one record that follow each other are its two orders. `o`: max_tokens and stops. A stop is an Error.
Result<HeldOut> judge_held_out(generate::TokenEngine& engine, const text::Tokenizer& tokenizer,
                               std::span<const Prompt> prompts, const SamplingOptions& o, const Sampled& sampled);

}  // namespace rm::rl
