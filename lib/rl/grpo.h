// The loop of GRPO: prompts of a batch, rollouts by the very weights that are trained, rewards, advantages, and a step a mini-batch.
//
// Knows no files: a Trainer does the arithmetic, a Reward says what a rollout is worth, GrpoEvents are told and asked for what happens
// between batches. The state of a run is two numbers (step, prompts of the epoch used) and the Trainer's tensors: rollouts are made
// anew from them, with seeds of their own place, so that a run that goes on from a checkpoint writes what it would have written. It is
// saved and validated between batches alone. A reward that fails costs its batch, three in a row the run; short of memory, the passes
// become smaller; a gradient that is not finite costs its step, the third in a row ends the run. A requested stop is noticed between
// tokens and passes; of a batch of which no step was taken yet nothing is kept. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/reward/reward.h"
#include "lib/rl/grpo_step.h"
#include "lib/rl/passes.h"
#include "lib/rl/settings.h"
#include "lib/tune/fit.h"
#include "lib/tune/plan.h"
#include "lib/tune/trainer.h"

namespace rm::rl {

inline constexpr std::int64_t kMostAtOnce = 256;  // replies written at once: many rows a step are cheaper by the row

// The prompts of a run, their records' lines (for rewards; may be empty), and what replies are read and ended with. Lent.
struct Task {
  std::span<const Prompt> prompts;
  std::span<const std::string> lines;
  const text::Tokenizer* tokenizer = nullptr;
  std::vector<std::int32_t> stops;
};

struct GrpoOptions {
  RlSettings settings;
  tune::Schedule schedule;
  std::int64_t pass_tokens = tune::kUsualPass;
  std::uint64_t seed = 0;
  generate::EngineOptions engine;              // threads, batch, context, deterministic
  std::int64_t val_every = 0, save_every = 0;  // steps; 0: only at the end
};

class GrpoEvents {
 public:
  virtual ~GrpoEvents() = default;
  virtual Result<void> stepped(const GrpoStep& s) = 0;
  // Before the first step too. A run that goes on asks again for what is due where it goes on from.
  virtual Result<void> validate(const tune::Place& p) = 0;
  virtual Result<void> save(const tune::Place& p) = 0;
  virtual Result<void> sampled(std::int64_t step,
                               std::span<const Group> groups) = 0;  // rewards and advantages are there
  // The step of the last validation that an earlier part of the run took, where that is known.
  virtual std::optional<std::int64_t> validated() const { return std::nullopt; }
  virtual void running(Phase phase, std::int64_t tokens) { (void)phase, (void)tokens; }
  virtual void notice(const std::string& sentence) = 0;
};

class Grpo {
 public:
  // All of them outlive the loop. At least one batch of prompts.
  Grpo(tune::Trainer& trainer, reward::Reward& reward, const Task& task, const GrpoOptions& o, GrpoEvents& events);

  std::int64_t total_steps() const { return total_; }
  const tune::Place& place() const { return place_; }
  // Exit::kModel where the place is not one of this run.
  Result<void> resume(const tune::Place& p);
  // To the end: the last step is validated and saved. A stop is an Error with signals::stop_exit(), after saving; any other error saves
  // the last step too where that is possible.
  Result<void> run();

 private:
  // The rollouts of a batch that count; those of the i-th step end before ends[i].
  struct MiniBatches {
    std::vector<Lesson> lessons;
    std::vector<std::size_t> ends;
  };
  struct LeftOut {
    std::int64_t flat = 0, tokens = 0;
  };
  bool over() const;
  Result<void> one_batch();
  Result<std::vector<Group>> collect();
  Result<std::vector<Group>> draw(std::int64_t count);
  Result<void> judge(std::vector<Group>& groups);
  Result<void> reward_failed(const Error& e);
  void leave_out(const Group& g, bool flat);
  Result<void> learn(std::span<const Group> groups, std::span<Lesson> lessons);
  Result<tune::PassSums> gradients(std::span<const Lesson> lessons);
  Result<void> fill(std::span<Lesson> lessons, tune::Under under);
  template <class Run>
  Result<void> each_pass(std::span<const Lesson> lessons, const Run& run);
  MiniBatches mini_batches(std::span<const Group> groups) const;
  Result<void> after_batch(std::int64_t before);
  bool passed(std::int64_t every, std::int64_t before) const;
  void go_back(const tune::Place& p);
  Result<void> save();
  Result<void> validate();
  Result<void> stop();
  Result<void> fail(const Error& e);
  void describe(std::span<const Group> groups, GrpoStep& s) const;
  double& seconds(Phase p) { return seconds_[static_cast<std::size_t>(p)]; }

  tune::Trainer& trainer_;
  reward::Reward& reward_;
  Task task_;
  GrpoOptions o_;
  GrpoEvents& events_;
  std::int64_t total_ = 0;
  tune::Place place_;
  std::int64_t saved_ = -1, validated_ = -1;  // steps
  int refused_ = 0, failed_rewards_ = 0;
  bool in_batch_ = false;  // some of its steps are taken
  bool cannot_save_ = false;
  LeftOut replaced_;  // of the batch, until a step has told it
  std::array<double, kPhaseNames.size()> seconds_{};
  std::vector<std::uint32_t> order_;
  std::int64_t order_epoch_ = -1;
};

}  // namespace rm::rl
