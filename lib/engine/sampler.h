// From one row of logits to one token: greedy or drawn, with the log-probabilities that go into its event.
//
// Pure functions, safe from any thread. Randomness comes from (seed, index of the token in its reply) alone, so a draw
// is the same whatever ran beside it and however often the sequence was interrupted. Sums are kept per block in f32 and
// over blocks in f64: log-probabilities are good to about 1e-6. A row that holds a NaN or +inf is an error, never a
// token.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lib/base/result.h"

namespace rm::engine {

// What a row says at temperature 1.
struct RowStats {
  std::int32_t argmax = -1;  // ties: the lowest id
  float max = 0;
  double log_total = 0;  // log of the sum of exp(logit)
  float logprob(float logit) const { return static_cast<float>(logit - log_total); }
};

// Error (Exit::kModel, reason "not_finite") naming the first bad id.
Result<RowStats> row_stats(std::span<const float> logits);

struct Sampling {
  double temperature = 0;  // 0: greedy
  double top_p = 1;  // the smallest set of most likely tokens (ties: lowest id first) whose probability reaches it
  std::uint64_t seed = 0;
};

// `index`: which token of the reply this is.
std::int32_t sample(std::span<const float> logits, const RowStats& stats, const Sampling& s, std::uint64_t index);

}  // namespace rm::engine
