// Rollouts laid into passes: those of one prompt stand behind it once, so that it is computed once.
//
// Plain data and pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lib/rl/prompts.h"
#include "lib/rl/rollouts.h"
#include "lib/tune/trainer.h"

namespace rm::rl {

// A rollout on its way through the loss. Prompt and rollout are lent.
struct Lesson {
  const Prompt* prompt = nullptr;
  const Rollout* rollout = nullptr;
  double advantage = 0;
  double weight = 0;                  // of each token
  std::vector<float> old, reference;  // log p of its tokens; empty: not known, not needed
  double cap = 0;                     // of correction(); 0: none
};

struct RolloutPass {
  struct Place {
    std::size_t lesson = 0;
    std::size_t begin = 0;  // its first token in the pass
  };
  tune::Pass pass;  // the tokens of rollouts have weight 1
  std::vector<Place> places;
};

// In order; lessons of one prompt that follow each other share it. A pass holds up to `pass_tokens` tokens, or one rollout with its prompt.
std::vector<RolloutPass> lay_out(std::span<const Lesson> lessons, std::int64_t pass_tokens);
// Weights, and the policy's numbers, for the loss.
void set_policy(RolloutPass& p, std::span<const Lesson> lessons, const tune::PolicyRule& rule);

}  // namespace rm::rl
