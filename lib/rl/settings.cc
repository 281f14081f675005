#include "lib/rl/settings.h"

#include <algorithm>

#include "lib/base/hash.h"
#include "lib/base/json.h"
#include "lib/base/number.h"

namespace rm::rl {
namespace {

std::string shortest(double v) {
  std::string out;
  json::append_number(out, v);
  return out;
}

std::string grouped(std::int64_t n) { return format_grouped(static_cast<std::uint64_t>(n)); }

std::string loss_text(const RlSettings& s) {
  const tune::PolicyRule& r = s.rule;
  std::string out = "ratio within " + shortest(1 - r.clip_low) + " and " + shortest(1 + r.clip_high);
  if (r.dual_clip > 0) out += ", dual clip " + shortest(r.dual_clip);
  out += r.kl > 0 ? ", penalty " + shortest(r.kl) + " (k3)" : ", no penalty";
  out += std::string(", ") + name(s.mean);
  if (s.mean == LossMean::kMicroToken) out += " over every " + grouped(s.train.micro_batch) + " rollouts";
  if (s.mask_truncated) out += ", truncated rollouts left out";
  if (s.correction > 0) out += ", corrected for the sampler up to " + shortest(s.correction);
  return out;
}

}  // namespace

tune::TrainSettings default_training() {
  tune::TrainSettings t;
  t.lr = 1e-6;
  t.shape = tune::Shape::kConstant;
  t.warmup = 0;
  t.weight_decay = 0.01;
  t.beta1 = 0.9;
  t.beta2 = 0.999;
  t.batch = 1024;
  t.micro_batch = 4;
  t.max_length = 0;
  return t;
}

std::int64_t batches_per_epoch(const RlSettings& s, std::int64_t prompts) { return prompts / s.train.batch; }

std::int64_t steps_per_batch(const RlSettings& s) { return (s.train.batch + s.mini_batch - 1) / s.mini_batch; }

std::int64_t total_steps(const RlSettings& s, std::int64_t prompts) {
  const std::int64_t each = steps_per_batch(s), all = batches_per_epoch(s, prompts) * each * s.train.epochs;
  return s.steps > 0 ? std::min(all, (s.steps + each - 1) / each * each) : all;
}

std::string describe(const RlSettings& s) {
  std::string out;
  const auto line = [&out](const char* what, const std::string& text) {
    out += what + std::string(11 - std::string_view(what).size(), ' ') + text + "\n";
  };
  line("rollouts", grouped(s.rollouts) + " of each prompt, temperature " + shortest(s.temperature) + ", top-p " +
                       shortest(s.top_p) + ", at most " + grouped(s.max_tokens) + " tokens" +
                       (s.rollout_dtype == "auto" ? "" : ", in " + s.rollout_dtype));
  line("reward",
       s.reward + (s.dynamic > 0 ? "; flat groups replaced by up to " + grouped(s.dynamic) + " batches more" : ""));
  line("batch", grouped(s.train.batch) + " prompts, " + grouped(s.mini_batch) + " an optimizer step, " +
                    grouped(s.train.epochs) + (s.train.epochs == 1 ? " epoch" : " epochs") +
                    (s.steps > 0 ? ", " + grouped(s.steps) + " steps" : ""));
  line("loss", loss_text(s));
  const std::string shared = tune::describe(s.train);
  for (const char* what : {"optimizer", "rate", "trained"}) {
    const std::size_t at = shared.find(what);
    out += shared.substr(at, shared.find('\n', at) + 1 - at);
  }
  return out;
}

std::string settings_hash(const RlSettings& s) {
  std::string text = tune::settings_hash(s.train);
  const auto add = [&text](const std::string& value) { json::append_string(text, value); };
  for (const double v :
       {s.temperature, s.top_p, s.rule.clip_low, s.rule.clip_high, s.rule.dual_clip, s.rule.kl, s.correction})
    add(shortest(v));
  for (const std::int64_t v :
       {s.mini_batch, s.rollouts, s.max_prompt_tokens, s.max_tokens, s.dynamic, std::int64_t{s.mask_truncated}})
    add(std::to_string(v));
  if (s.train.shape != tune::Shape::kConstant || s.train.warmup > 0) add(std::to_string(s.steps));
  for (const std::string& v : {std::string(name(s.mean)), s.rollout_dtype, s.reward, s.prompt_id}) add(v);
  return hash128(text).hex();
}

}  // namespace rm::rl
