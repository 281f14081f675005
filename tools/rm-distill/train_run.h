// A training run from its folder's side: what happens between steps. Metrics, progress, validation, checkpoints.
//
// Borrows everything it is made with. One thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "lib/base/progress.h"
#include "lib/metrics/sinks.h"
#include "lib/tune/fit.h"
#include "lib/tune/validate.h"
#include "tools/rm-distill/train_chains.h"
#include "tools/train/folder.h"

namespace rm::rmdistill {

class TrainRun final : public tune::FitEvents {
 public:
  // `model`: where the base is.
  TrainRun(const TrainOptions& o, const Chains& c, const traincli::Wanted& wanted, const std::string& model,
           tune::Trainer& trainer);

  // Opens metrics and event files; `resumed`: the step it goes on from.
  Result<void> open(std::optional<tune::Place> resumed);
  Result<void> close();

  Result<void> stepped(const tune::StepReport& r) override;
  Result<void> validate(const tune::Place& p) override;
  Result<void> save(const tune::Place& p) override;
  void running(std::int64_t tokens) override;
  void notice(const std::string& sentence) override;

  const std::optional<metrics::Validation>& first_validation() const { return first_; }
  const std::optional<metrics::Validation>& last_validation() const { return last_; }
  const std::optional<tune::StepReport>& last_step() const { return step_; }
  std::int64_t tokens() const { return tokens_; }  // of this run
  double step_seconds() const { return step_seconds_; }

 private:
  using Clock = std::chrono::steady_clock;
  Result<tune::HeldOutVerdicts> verdicts();
  void draw();

  const TrainOptions& o_;
  const Chains& chains_;
  const traincli::Wanted& wanted_;
  const std::string& model_;
  tune::Trainer& trainer_;
  Progress progress_;
  std::optional<metrics::Sinks> sinks_;
  std::optional<metrics::Validation> first_, last_;
  std::optional<tune::StepReport> step_;
  Clock::time_point since_;  // the last step, or what came after it
  double step_seconds_ = 0;  // in steps alone
  std::int64_t tokens_ = 0, in_step_ = 0, done_before_ = 0;
};

}  // namespace rm::rmdistill
