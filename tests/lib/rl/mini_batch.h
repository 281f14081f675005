// A mini-batch of GRPO as goldens/grpo.py writes it, and what lib/rl and tune/policy.h make of it: advantages, loss, and the loss's
// derivative by the log-probability of every token.
//
// Every token of a reply has an id of its own, by which it is found again in the passes: one that lay_out() lost, doubled or moved to
// another rollout's place shows in the outcome.
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/json.h"
#include "lib/rl/advantage.h"
#include "lib/rl/passes.h"

namespace rm::rl {

struct MiniBatch {
  struct Written {
    std::size_t group = 0;
    Rollout rollout;                    // logprobs: what the sampler said
    std::vector<float> old, reference;  // empty: not known
    std::vector<double> now;
  };
  std::vector<Prompt> prompts;  // of each group
  std::vector<std::vector<double>> rewards;
  std::vector<Written> written;
  LossMean mean = LossMean::kMicroToken;
  std::int64_t micro_batch = 1, most_tokens = 1, pass_tokens = 1;
  bool mask_truncated = false;
  double cap = 0;
  tune::PolicyRule rule;
};

struct Outcome {
  std::vector<std::vector<double>> advantages, gradient;  // of each group's rollouts; of each rollout's tokens
  std::vector<bool> flat;
  double loss = 0;
  int strays = 0;  // tokens with a weight that are none of a reply, or are there twice
};

template <class T>
std::vector<T> numbers(const std::optional<json::Value>& v) {
  std::vector<T> out;
  if (!v) return out;
  for (const json::Value& x : v->items()) out.push_back(static_cast<T>(x.number().value()));
  return out;
}

inline MiniBatch::Written read_written(const json::Value& v, std::size_t group, std::int32_t& next_id) {
  MiniBatch::Written w;
  w.group = group;
  w.now = numbers<double>(v.find("now"));
  w.old = numbers<float>(v.find("old"));
  w.reference = numbers<float>(v.find("reference"));
  w.rollout.logprobs = numbers<float>(v.find("sampled"));
  w.rollout.truncated = v.find("truncated")->boolean().value();
  for (std::size_t t = 0; t < w.now.size(); ++t) w.rollout.ids.push_back(next_id++);
  return w;
}

inline MiniBatch read_mini_batch(const json::Value& row) {
  MiniBatch b;
  const auto real = [&](const char* key) { return row.find(key)->number().value(); };
  const auto whole = [&](const char* key) { return row.find(key)->integer().value(); };
  b.mean = parse_loss_mean(*row.find("mean")->string()).value();
  b.micro_batch = whole("micro_batch");
  b.most_tokens = whole("most_tokens");
  b.pass_tokens = whole("pass_tokens");
  b.mask_truncated = row.find("mask_truncated")->boolean().value();
  b.cap = real("cap");
  b.rule = {real("clip_low"), real("clip_high"), real("dual_clip"), real("kl")};
  std::int32_t next_id = 0;
  for (const json::Value& group : row.find("groups")->items()) {
    Prompt p;
    p.ids.assign(static_cast<std::size_t>(group.find("prompt")->integer().value()), -1);
    b.rewards.push_back(numbers<double>(group.find("rewards")));
    for (const json::Value& v : group.find("rollouts")->items())
      b.written.push_back(read_written(v, b.prompts.size(), next_id));
    b.prompts.push_back(std::move(p));
  }
  return b;
}

inline std::vector<Lesson> lessons_of(const MiniBatch& b, const Outcome& o) {
  std::vector<std::int64_t> lengths;
  for (const MiniBatch::Written& w : b.written)
    lengths.push_back(b.mask_truncated && w.rollout.truncated ? 0 : std::ssize(w.rollout.ids));
  const std::vector<double> weights = token_weights(lengths, b.mean, b.micro_batch, b.most_tokens);
  std::vector<Lesson> lessons;
  std::size_t in_group = 0;
  for (std::size_t i = 0; i < b.written.size(); ++i) {
    const MiniBatch::Written& w = b.written[i];
    in_group = i > 0 && b.written[i - 1].group == w.group ? in_group + 1 : 0;
    if (lengths[i] == 0) continue;
    lessons.push_back(
        {&b.prompts[w.group], &w.rollout, o.advantages[w.group][in_group], weights[i], w.old, w.reference, b.cap});
  }
  return lessons;
}

inline Outcome outcome_of(const MiniBatch& b) {
  Outcome o;
  for (const auto& rewards : b.rewards) {
    o.advantages.push_back(advantages(rewards));
    o.flat.push_back(flat(rewards));
  }
  std::map<std::int32_t, std::pair<std::size_t, std::size_t>> place_of;
  for (std::size_t i = 0; i < b.written.size(); ++i) {
    o.gradient.emplace_back(b.written[i].now.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t t = 0; t < b.written[i].now.size(); ++t) place_of[b.written[i].rollout.ids[t]] = {i, t};
  }
  const std::vector<Lesson> lessons = lessons_of(b, o);
  for (RolloutPass& p : lay_out(lessons, b.pass_tokens)) {
    set_policy(p, lessons, b.rule);
    for (std::size_t t = 0; t < p.pass.ids.size(); ++t) {
      if (p.pass.weights[t] == 0) continue;
      const auto found = place_of.find(p.pass.ids[t]);
      if (found == place_of.end()) {
        ++o.strays;
        continue;
      }
      const auto [rollout, token] = found->second;
      const tune::PolicyTerm term = tune::policy_term(b.written[rollout].now[token], p.pass.policy[t], p.pass.rule);
      o.loss += static_cast<double>(p.pass.weights[t]) * term.loss;
      o.gradient[rollout][token] = static_cast<double>(p.pass.weights[t]) * term.derivative;
      place_of.erase(found);
    }
  }
  for (const auto& [id, place] : place_of) {  // left out of the loss
    if (b.mask_truncated && b.written[place.first].rollout.truncated) o.gradient[place.first][place.second] = 0;
  }
  return o;
}

}  // namespace rm::rl
