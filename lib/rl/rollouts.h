// What a policy writes to a prompt: tokens with the log-probabilities it gave them, and their text.
//
// Every rollout has a seed of its own, derived from where it stands (step, prompt, index) and the run's seed, so that it is the same
// however a batch is scheduled. A reply's end token is part of it: when to stop is learned too. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/generate/token_engine.h"
#include "lib/rl/prompts.h"
#include "lib/text/tokenizer.h"

namespace rm::rl {

struct Rollout {
  std::vector<std::int32_t> ids;  // the end token last, unless truncated
  std::vector<float> logprobs;    // of each, as sampled, at temperature 1
  std::string text;               // special tokens left out
  bool truncated = false;         // it reached the most tokens, or the context
};

struct SamplingOptions {
  std::int64_t count = 1;  // rollouts of a prompt
  double temperature = 1, top_p = 1;
  std::int64_t max_tokens = 8192;
  std::vector<std::int32_t> stops;  // tokens that end a reply
};

// An engine's error in the words of who trains: its context follows from the prompts and --max-tokens, there is no --context.
Error engine_error(Error e);

std::uint64_t rollout_seed(std::uint64_t seed, std::int64_t step, std::int64_t prompt, std::int64_t index);

// The seed of rollout `index` of prompts[i].
using SeedOf = std::function<std::uint64_t(std::size_t i, std::int64_t index)>;
// Told of tokens as they come.
using Sampled = std::function<void(std::int64_t tokens)>;

// For each prompt its rollouts, in order. A stop is an Error with signals::stop_exit(); the engine is left empty.
Result<std::vector<std::vector<Rollout>>> sample(generate::TokenEngine& engine, const text::Tokenizer& tokenizer,
                                                 std::span<const Prompt* const> prompts, const SamplingOptions& o,
                                                 const SeedOf& seed_of, const Sampled& sampled);

}  // namespace rm::rl
