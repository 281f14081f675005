// From rewards to what each token of a mini-batch counts: group advantages, and the means the loss is made of.
//
// Advantage and means as RM-R1's trainer had them (verl as of March 2025, compute_grpo_outcome_advantage and masked_mean), with those
// of later trainers beside them. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace rm::rl {

// All rewards of a group exactly equal, so that nothing is to be learned from it. Never true of a lone rollout.
bool flat(std::span<const double> rewards);

// (r - mean) / (std + 1e-6), std with n - 1. Of a flat group exactly 0. A lone rollout: mean 0 and std 1.
std::vector<double> advantages(std::span<const double> rewards);

// How the losses of tokens become one number.
enum class LossMean {
  kMicroToken,   // mean over the tokens of a micro-batch, then over micro-batches: the one that reproduces RM-R1
  kToken,        // over all tokens of the mini-batch (DAPO, arXiv:2503.14476)
  kSequence,     // over the tokens of a rollout, then over rollouts (arXiv:2402.03300)
  kSequenceSum,  // sum over the tokens of a rollout by the most there may be, then over rollouts (arXiv:2503.20783)
};
std::optional<LossMean> parse_loss_mean(
    std::string_view name);  // micro-token-mean, token-mean, seq-mean-token-mean, seq-mean-token-sum
const char* name(LossMean m);

// What each token of each rollout counts; `lengths`: their tokens, 0 where a rollout is left out of the loss. `micro_batch`: rollouts,
// in order; `most_tokens`: of a reply.
std::vector<double> token_weights(std::span<const std::int64_t> lengths, LossMean mean, std::int64_t micro_batch,
                                  std::int64_t most_tokens);

// min(cap, p_trainer / p_sampler) of a token, for what was sampled by other arithmetic than it is trained with (truncated
// importance sampling: Yao et al., "Your Efficient RL Framework Secretly Brings You Off-Policy RL Training", 2025).
double correction(double log_p_trainer, double log_p_sampler, double cap);

}  // namespace rm::rl
