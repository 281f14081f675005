#include "lib/rl/passes.h"

#include <cmath>

#include "lib/rl/advantage.h"

namespace rm::rl {
namespace {

class Layout {
 public:
  explicit Layout(std::int64_t most) : most_(most) {}

  // Lessons [from, to) are of one prompt.
  void add_group(std::span<const Lesson> lessons, std::size_t from, std::size_t to) {
    const auto prompt = std::ssize(lessons[from].prompt->ids);
    std::int64_t all = prompt;
    for (std::size_t i = from; i < to; ++i) all += std::ssize(lessons[i].rollout->ids);
    if (all > room() && (all <= most_ || room() < most_)) begin_pass();
    std::int64_t parent = -1;
    for (std::size_t i = from; i < to; ++i) {
      const auto own = std::ssize(lessons[i].rollout->ids);
      if (parent >= 0 && own > room()) {
        begin_pass();
        parent = -1;
      }
      if (parent < 0) parent = add(lessons[from].prompt->ids, -1, 0);
      passes_.back().places.push_back({i, passes_.back().pass.ids.size()});
      add(lessons[i].rollout->ids, parent, 1);
    }
  }
  std::vector<RolloutPass> take() { return std::move(passes_); }

 private:
  std::int64_t room() const { return passes_.empty() ? 0 : most_ - std::ssize(passes_.back().pass.ids); }
  void begin_pass() { passes_.emplace_back(); }
  std::int64_t add(const std::vector<std::int32_t>& ids, std::int64_t parent, float weight) {
    tune::Pass& p = passes_.back().pass;
    p.begins.push_back(std::ssize(p.ids));
    p.parents.push_back(parent);
    p.ids.insert(p.ids.end(), ids.begin(), ids.end());
    p.weights.resize(p.ids.size(), weight);
    return std::ssize(p.begins) - 1;
  }

  std::int64_t most_;
  std::vector<RolloutPass> passes_;
};

}  // namespace

std::vector<RolloutPass> lay_out(std::span<const Lesson> lessons, std::int64_t pass_tokens) {
  Layout layout(pass_tokens);
  for (std::size_t from = 0; from < lessons.size();) {
    std::size_t to = from + 1;
    while (to < lessons.size() && lessons[to].prompt == lessons[from].prompt) ++to;
    layout.add_group(lessons, from, to);
    from = to;
  }
  return layout.take();
}

void set_policy(RolloutPass& p, std::span<const Lesson> lessons, const tune::PolicyRule& rule) {
  p.pass.rule = rule;
  p.pass.policy.assign(p.pass.ids.size(), {});
  for (const RolloutPass::Place& place : p.places) {
    const Lesson& l = lessons[place.lesson];
    for (std::size_t t = 0; t < l.rollout->ids.size(); ++t) {
      p.pass.weights[place.begin + t] = static_cast<float>(l.weight);
      tune::PolicyToken& token = p.pass.policy[place.begin + t];
      token.advantage = static_cast<float>(l.advantage);
      token.sampled = l.rollout->logprobs[t];
      if (!l.old.empty()) token.old = l.old[t];
      if (!l.reference.empty()) token.reference = l.reference[t];
      if (l.cap > 0) token.scale = static_cast<float>(correction(token.old, token.sampled, l.cap));
    }
  }
}

}  // namespace rm::rl
