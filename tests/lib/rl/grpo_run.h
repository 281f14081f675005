// A run of GRPO over the fakes: what it is told, asked for and rewarded with, all of it kept to be looked at.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "lib/rl/grpo.h"
#include "tests/lib/rl/fakes.h"

namespace rm::rl {

inline constexpr const char* kRight = "so <answer>[[A]]</answer>";
inline constexpr const char* kWrong = "so <answer>[[B]]</answer>";

class Rewards final : public reward::Reward {
 public:
  std::string name() const override { return "scripted"; }
  Result<std::vector<double>> score(std::span<const reward::Item> items) override {
    if (before) before(calls);
    const int now = calls++;
    for (const reward::Item& i : items) {
      seen.push_back({i.step, i.prompt, i.rollout});
      records.emplace_back(i.record);
      cut.push_back(i.truncated);
    }
    if (signals::stop_requested()) return signals::stop_error();
    if (failing.contains(now)) return make_error(Exit::kUnavailable, "reward_failed", "the program went away");
    if (now == given_up) return make_error(Exit::kUnavailable, "reward_given_up", "the program went away again");
    std::vector<double> out;
    for (const reward::Item& i : items) out.push_back(worth ? worth(i) : judge::rm_r1_reward(i.text, i.label));
    return out;
  }
  std::function<double(const reward::Item&)> worth;
  std::function<void(int)> before;
  std::set<int> failing;  // calls, from 0
  int given_up = -1, calls = 0;
  struct At {
    std::int64_t step, prompt, rollout;
    bool operator==(const At&) const = default;
  };
  std::vector<At> seen;
  std::vector<std::string> records;
  std::vector<bool> cut;
};

struct Told final : GrpoEvents {
  explicit Told(FakeTrainer& t) : trainer(t) {}
  Result<void> stepped(const GrpoStep& s) override {
    steps.push_back(s);
    if (on_step) on_step(s.step);
    return {};
  }
  Result<void> validate(const tune::Place& p) override {
    order += "v" + std::to_string(p.step) + " ";
    if (p.step != stop_at_validation) return {};
    signals::request_stop(Exit::kStopped);
    return signals::stop_error();
  }
  Result<void> save(const tune::Place& p) override {
    order += "s" + std::to_string(p.step) + " ";
    CHECK(trainer.open.empty());  // no half of a step
    if (cannot_save) return make_error(Exit::kIo, "disk_full", "no space is left");
    saved.push_back({p, trainer.weights, trainer.steps()});
    return {};
  }
  Result<void> sampled(std::int64_t step, std::span<const Group> groups) override {
    batches.push_back(step);
    groups_of.emplace_back(groups.begin(), groups.end());
    return {};
  }
  std::optional<std::int64_t> validated() const override { return validated_before; }
  void running(Phase phase, std::int64_t tokens) override {
    ran[static_cast<std::size_t>(phase)] += tokens;
    if (on_running) on_running(phase);
  }
  void notice(const std::string& s) override { notices.push_back(s); }
  bool noticed(const std::string& part) const {
    return std::ranges::any_of(notices, [&](const std::string& n) { return n.find(part) != std::string::npos; });
  }

  struct Saved {
    tune::Place place;
    std::uint64_t weights;
    std::int64_t steps;
  };
  FakeTrainer& trainer;
  std::vector<GrpoStep> steps;
  std::vector<Saved> saved;
  std::vector<std::int64_t> batches;
  std::vector<std::vector<Group>> groups_of;
  std::vector<std::string> notices;
  std::array<std::int64_t, kPhaseNames.size()> ran{};
  std::string order;  // "v0 s2 v2 ": what it was asked for
  std::int64_t stop_at_validation = -1;
  std::optional<std::int64_t> validated_before;
  bool cannot_save = false;
  std::function<void(std::int64_t)> on_step;
  std::function<void(Phase)> on_running;
};

// Right or wrong by its seed and by the weights: two runs write the same only where both are the same.
inline std::string written(const generate::TokenRequest& r, std::uint64_t weights) {
  const std::uint64_t x = derive_seed(r.seed, weights);
  return std::string(x % 5, 'x') + (x / 5 % 2 == 0 ? kRight : kWrong);
}

struct Run {
  explicit Run(std::int64_t prompts, std::int64_t batch, std::int64_t mini, std::int64_t rollouts = 3,
               std::int64_t epochs = 1)
      : told(trainer) {
    for (std::int64_t i = 0; i < prompts; ++i) {
      Prompt p;
      p.ids = {static_cast<std::int32_t>(i), 7, 7, 7};
      data.push_back(p);
    }
    RlSettings& s = o.settings;
    s.train.batch = batch;
    s.train.epochs = epochs;
    s.train.micro_batch = 2;
    s.mini_batch = mini;
    s.rollouts = rollouts;
    s.max_tokens = 40;
    o.schedule = tune::schedule_of(s.train, 1);
    o.pass_tokens = 200;
    o.seed = 11;
    trainer.script = [this](const generate::TokenRequest& r) { return written(r, trainer.weights); };
  }
  Grpo grpo() { return Grpo(trainer, rewards, {data, lines, &tiny_tokenizer(), {end_token()}}, o, told); }
  // The first token of each prompt that a step learned from.
  std::vector<std::set<int>> prompts_of_steps() const {
    std::vector<std::set<int>> out;
    for (const auto& step : trainer.learned) {
      out.emplace_back();
      for (const Learned& l : step) out.back().insert(l.prompt[0]);
    }
    return out;
  }

  std::vector<Prompt> data;
  std::vector<std::string> lines;  // of their records; none: empty
  GrpoOptions o;
  FakeTrainer trainer;
  Rewards rewards;
  Told told;
};

inline double weight_of(const std::vector<Learned>& step) {
  double sum = 0;
  for (const Learned& l : step) sum += static_cast<double>(l.weight) * static_cast<double>(l.reply.size());
  return sum;
}

}  // namespace rm::rl
