#include "tools/rm-rl/options.h"

#include <algorithm>

#include "lib/base/number.h"
#include "tools/cli/report.h"

namespace rm::rmrl {
namespace {

using cli::usage;

void take(std::int64_t given, std::int64_t& to) {
  if (given >= 0) to = given;
}

Result<void> read_batches(RlOptions& o) {
  rl::RlSettings& s = o.rl;
  RM_TRY(traincli::read_optimizer(o, rl::default_training()));
  s.mini_batch = std::min(s.mini_batch, o.settings.batch);
  take(o.mini_batch_size, s.mini_batch);
  if (s.mini_batch > o.settings.batch) {
    return usage(
        std::to_string(s.mini_batch) + " prompts are more than a batch has (" + std::to_string(o.settings.batch) + ")",
        "--mini-batch-size");
  }
  s.steps = o.steps;
  take(o.rollouts, s.rollouts);
  const std::int64_t most = s.mini_batch * s.rollouts;
  if (o.micro_batch_size > most) {
    return usage(std::to_string(o.micro_batch_size) + " rollouts are more than an optimizer step has (" +
                     std::to_string(most) + ")",
                 "--micro-batch-size");
  }
  return {};
}

Result<void> read_rollouts(RlOptions& o) {
  rl::RlSettings& s = o.rl;
  take(o.max_prompt_tokens, s.max_prompt_tokens);
  take(o.max_tokens, s.max_tokens);
  s.temperature = o.temperature.value_or(s.temperature);
  s.top_p = o.top_p.value_or(s.top_p);
  s.rollout_dtype = o.rollout_dtype;
  if (s.temperature == 0)
    return usage("0 writes the same reply each time, and from equal rewards nothing is learned", "--temperature");
  if (s.top_p == 0)
    return usage("0 writes the same reply each time, and from equal rewards nothing is learned", "--top-p");
  return {};
}

Result<void> read_loss(RlOptions& o) {
  rl::RlSettings& s = o.rl;
  s.rule.kl = o.kl.value_or(s.rule.kl);
  s.rule.clip_low = o.clip.value_or(s.rule.clip_low);
  s.rule.clip_high = o.clip_high.value_or(s.rule.clip_low);
  s.rule.dual_clip = o.dual_clip.value_or(0);
  if (s.rule.dual_clip != 0 && s.rule.dual_clip <= 1) return usage("is a bound above 1, or 0 for none", "--dual-clip");
  if (!o.loss_agg.empty()) s.mean = *rl::parse_loss_mean(o.loss_agg);
  s.dynamic = o.dynamic_sampling;
  s.mask_truncated = o.mask_truncated;
  s.correction = o.rollout_correction.value_or(0);
  if (!o.reward_cmd.empty()) s.reward = o.reward_cmd;
  if (o.reward_timeout && o.reward_cmd.empty())
    return usage("is for a program; give --reward-cmd too", "--reward-timeout");
  return {};
}

}  // namespace

Result<void> interpret(RlOptions& o) {
  RM_TRY(read_batches(o));
  RM_TRY(read_rollouts(o));
  RM_TRY(read_loss(o));
  RM_TRY(traincli::read_lora(o));
  RM_TRY(traincli::read_validation(o));
  RM_TRY(traincli::read_model(o));
  RM_TRY(traincli::read_places(o));
  const std::string& out = o.common.out;
  if (o.samples_file.empty() && o.common.out_given)
    o.samples_file = out + (out.ends_with('/') ? "" : "/") + "rollouts.jsonl";
  return {};
}

std::vector<std::string> oddities(const RlOptions& o) {
  std::vector<std::string> out;
  const auto sampling = [&](const char* flag, double value) {
    out.push_back(
        std::string(flag) + " " + format_fixed(value, 2) +
        ": what is trained is then not what was sampled from; log-probabilities, ratios and the penalty are those of "
        "temperature 1 and top-p 1");
  };
  if (o.rl.temperature != 1) sampling("--temperature", o.rl.temperature);
  if (o.rl.top_p != 1) sampling("--top-p", o.rl.top_p);
  if (o.rl.dynamic > 0 && (o.settings.shape != tune::Shape::kConstant || o.settings.warmup > 0)) {
    out.push_back(
        "--dynamic-sampling takes prompts of later batches, so that fewer steps are taken than --schedule and --warmup "
        "are laid out "
        "for: the rate ends higher than it would");
  }
  if (o.rl.rollouts == 1)
    out.push_back("--rollouts 1: a lone rollout is compared with nothing, its advantage is its reward");
  if (!o.adapter.empty() && o.rl.rule.kl > 0) {
    out.push_back(
        "--adapter: the penalty is against the model without the adapter, for that is what LoRA leaves as it was; a "
        "merged model "
        "(rm-distill train --merge), or --kl 0, avoids it");
  }
  return out;
}

}  // namespace rm::rmrl
