// The command line of rm-rl.
#pragma once

#include <optional>
#include <string>

#include "lib/rl/settings.h"
#include "tools/train/options.h"

namespace rm::rmrl {

extern const traincli::Words kWords;

struct RlOptions : traincli::RunOptions {
  RlOptions() : RunOptions(kWords) {}
  // As given; a number that was not given is -1 or empty.
  std::int64_t mini_batch_size = -1, steps = 0;
  std::int64_t rollouts = -1, max_prompt_tokens = -1, max_tokens = -1, dynamic_sampling = 0;
  std::optional<double> temperature, top_p, kl, clip, clip_high, dual_clip, rollout_correction, reward_timeout;
  std::string rollout_dtype = "auto", loss_agg, reward_cmd, form, prompt, samples_file;
  bool mask_truncated = false, skip_unlabelled = false;

  // What they amount to, but for rl.train, which is `settings`, and rl.prompt_id: see complete().
  rl::RlSettings rl;
};

void add_flags(cli::Parser& p, RlOptions& o);
// Fills the second parts of both; `metrics` becomes "-", samples_file rollouts.jsonl in the folder where they were not given.
// Exit::kUsage naming the flag.
Result<void> interpret(RlOptions& o);
// Sentences about what was asked for and is odd; none where nothing is.
std::vector<std::string> oddities(const RlOptions& o);

}  // namespace rm::rmrl
