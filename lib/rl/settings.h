// What decides a run of reinforcement learning: the values of a recipe, each of which a flag may change.
//
// The one recipe is RM-R1's GRPO as it was run (arXiv:2505.02387; RM-R1-UIUC/RM-R1, rm_r1/scripts/RLVR/local/train_rm_r1_rlvr_*.sh over
// verl as of March 2025): batches of 1,024 prompts, mini-batches of 128, 7 rollouts at temperature 1, prompts of at most 4,096 tokens
// (longer ones left out) and replies of 8,192; AdamW (0.9, 0.999), weight decay 0.01, a constant rate (1e-6 for 7B; 14B 7e-7, 32B 5e-7,
// the distilled 32B 8e-7), clip 0.2, a k3 penalty of 0.001 against the model it began from, gradients clipped at 1, one epoch; means over
// micro-batches of 4 rollouts. They are the defaults too. Plain values; pure.
#pragma once

#include <cstdint>
#include <string>

#include "lib/rl/advantage.h"
#include "lib/tune/policy.h"
#include "lib/tune/recipe.h"

namespace rm::rl {

tune::TrainSettings default_training();

struct RlSettings {
  // Optimizer, schedule, epochs, LoRA; batch: prompts; micro_batch: rollouts a mean is taken over; mask and max_length unused.
  tune::TrainSettings train = default_training();
  std::int64_t mini_batch = 128;  // prompts of an optimizer step
  std::int64_t rollouts = 7;      // of a prompt
  std::int64_t max_prompt_tokens = 4096, max_tokens = 8192;
  double temperature = 1, top_p = 1;
  tune::PolicyRule rule;
  LossMean mean = LossMean::kMicroToken;
  std::int64_t dynamic =
      0;  // groups whose rewards are all equal are replaced, by up to so many batches of further prompts
  bool mask_truncated = false;  // rollouts cut by their length are left out of the loss
  double correction = 0;        // rl/advantage.h, correction(): the cap; 0: none
  std::int64_t steps = 0;       // the run ends with the batch that reaches so many; 0: with the last epoch
  std::string rollout_dtype = "auto", reward = "rm-r1", prompt_id;  // prompt_id: of the judge's wording
};

// Whole batches alone are taken; what is left of an epoch is dropped.
std::int64_t batches_per_epoch(const RlSettings& s, std::int64_t prompts);
std::int64_t steps_per_batch(const RlSettings& s);  // optimizer steps
std::int64_t total_steps(const RlSettings& s, std::int64_t prompts);

// For people: lines "name   what it is", each ending in a newline.
std::string describe(const RlSettings& s);
// For checkpoints: equal where all values are. Neither seed nor data, device or arithmetic are in it, but for the rollouts' type; nor
// `steps` where the rate is constant, so that such a run can be made longer.
std::string settings_hash(const RlSettings& s);

}  // namespace rm::rl
