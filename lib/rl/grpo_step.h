// What a step of GRPO learns from and what it tells: groups of rollouts with their rewards, and the figures of a step. Plain data.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "lib/rl/prompts.h"
#include "lib/rl/rollouts.h"

namespace rm::rl {

enum class Phase { kRollout, kReward, kReference, kLearn };
inline constexpr std::array kPhaseNames{"rollout", "reward", "reference", "learn"};

// A prompt with its rollouts.
struct Group {
  const Prompt* prompt = nullptr;
  std::int64_t index = 0;  // of the prompt
  std::vector<Rollout> rollouts;
  std::vector<double> rewards, advantages;
  std::vector<bool> right, parsed;  // of the verdict, by RM-R1's rule, whatever the rewards were
};

struct GrpoStep {
  std::int64_t step = 0;  // counts from 1
  double loss = 0, lr = 0, grad_norm = 0;
  bool taken = true;
  std::int64_t prompts = 0, rollouts = 0;
  std::int64_t replaced = 0;                  // flat groups that were, told with the first step of their batch
  std::int64_t tokens = 0, reply_tokens = 0;  // of all its rollouts, prompts counted with each; replies alone
  double reward_mean = 0, reward_std = 0;
  double kl = 0, entropy = 0, clip_fraction = 0, drift = 0;  // means over the tokens that were learned from; kl: k3
  double gap_mean = 0, gap_max = 0;                          // between what sampler and trainer say of a token, in nats
  double length_mean = 0;
  std::int64_t length_max = 0;
  double right = 0, truncated = 0, unparsed = 0;     // shares of the rollouts
  double all_right = 0, all_wrong = 0, flat = 0;     // shares of the groups; flat: equal rewards
  std::array<double, kPhaseNames.size()> seconds{};  // by phase; those of a batch are shared out among its steps
};

}  // namespace rm::rl
