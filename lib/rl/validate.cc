#include "lib/rl/validate.h"

#include <cmath>

#include "lib/judge/verdict.h"

namespace rm::rl {

stats::Interval HeldOut::interval() const {
  const std::int64_t records = asked - pairs;  // a pair was asked twice
  return stats::wilson(std::llround(accuracy() * static_cast<double>(records)), records);
}

Result<HeldOut> judge_held_out(generate::TokenEngine& engine, const text::Tokenizer& tokenizer,
                               std::span<const Prompt> prompts, const SamplingOptions& o, const Sampled& sampled) {
  std::vector<const Prompt*> asked;
  for (const Prompt& p : prompts) asked.push_back(&p);
  SamplingOptions greedy = o;
  greedy.count = 1;
  greedy.temperature = 0;
  greedy.top_p = 1;
  RM_ASSIGN(const auto replies,
            sample(
                engine, tokenizer, asked, greedy, [](std::size_t, std::int64_t) { return 0u; }, sampled));
  HeldOut h;
  std::optional<judge::Side> before;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const Rollout& r = replies[i].front();
    const judge::Verdict v = judge::read_verdict(r.text, judge::VerdictMode::kStrict);
    const bool right = v.side == prompts[i].label;
    ++h.asked;
    h.parsed += v.side.has_value();
    h.right += right;
    h.truncated += r.truncated;
    h.length += static_cast<double>(r.ids.size());
    if (i > 0 && prompts[i].record == prompts[i - 1].record) {
      ++h.pairs;
      const bool before_right = before == prompts[i - 1].label;
      h.consistent += v.side && before && *v.side != *before;  // the other letter: the same answer
      h.both_right += right && before_right;
    }
    before = v.side;
  }
  if (h.asked > 0) h.length /= static_cast<double>(h.asked);
  return h;
}

}  // namespace rm::rl
