// A run from its folder's side: what happens between the steps of GRPO. Metrics, rollouts to look at, validation, checkpoints.
//
// Borrows everything it is made with. One thread.
#pragma once

#include <optional>
#include <string>

#include "lib/base/progress.h"
#include "lib/metrics/sinks.h"
#include "lib/rl/grpo.h"
#include "lib/rl/validate.h"
#include "tools/rm-rl/best.h"
#include "tools/rm-rl/pairs.h"
#include "tools/train/folder.h"

namespace rm::rmrl {

// A validation: what came of it, after so many steps.
struct Validated {
  std::int64_t step = 0;
  rl::HeldOut result;
};
metrics::Record record(const Validated& v);
metrics::Record record(const rl::GrpoStep& s);
// A rollout to look at, as a JSON line; `line`: of its pair in the file.
std::string sample_line(std::int64_t step, const rl::Group& g, std::size_t rollout, std::uint64_t line);

class RlRun final : public rl::GrpoEvents {
 public:
  // `task`: what replies are read and ended with; `engine`: as for rollouts.
  RlRun(const RlOptions& o, const Pairs& pairs, const traincli::Wanted& wanted, const traincli::Base& base,
        const rl::Task& task, const generate::EngineOptions& engine, tune::Trainer& trainer);

  // Opens metrics, event files and the file of rollouts; `resumed`: the place it goes on from.
  Result<void> open(std::optional<tune::Place> resumed, std::int64_t total_steps);
  Result<void> close();

  Result<void> stepped(const rl::GrpoStep& s) override;
  std::optional<std::int64_t> validated() const override { return sinks_->validated(); }
  Result<void> validate(const tune::Place& p) override;
  Result<void> save(const tune::Place& p) override;
  Result<void> sampled(std::int64_t step, std::span<const rl::Group> groups) override;
  void running(rl::Phase phase, std::int64_t tokens) override;
  void notice(const std::string& sentence) override;

  const std::optional<Validated>& first_validation() const { return first_; }
  const std::optional<Validated>& last_validation() const { return last_; }
  const std::optional<rl::GrpoStep>& last_step() const { return step_; }
  const Best& best() const { return best_; }
  std::int64_t tokens() const { return tokens_; }  // of this run

 private:
  Result<rl::HeldOut> judge();
  void draw(const std::string& what);

  const RlOptions& o_;
  const Pairs& pairs_;
  const traincli::Wanted& wanted_;
  const traincli::Base& base_;
  const rl::Task& task_;
  const generate::EngineOptions& engine_;
  tune::Trainer& trainer_;
  Progress progress_;
  std::optional<metrics::Sinks> sinks_;
  std::optional<metrics::Log> samples_;
  Best best_;
  std::optional<Validated> first_, last_;
  std::optional<rl::GrpoStep> step_;
  rl::Phase phase_ = rl::Phase::kRollout;
  std::int64_t done_ = 0, tokens_ = 0, in_phase_ = 0;  // done_: steps, of earlier runs too
};

}  // namespace rm::rmrl
