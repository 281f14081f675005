// A training run from its folder's side: what happens between steps. Metrics, progress, validation, checkpoints.
//
// Borrows everything it is made with. One thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "lib/base/progress.h"
#include "lib/metrics/log.h"
#include "lib/metrics/tensorboard.h"
#include "lib/tune/checkpoint.h"
#include "lib/tune/fit.h"
#include "lib/tune/plan.h"
#include "lib/tune/validate.h"
#include "tools/rm-distill/train_chains.h"

namespace rm::rmdistill {

// What a checkpoint says of a run besides its place.
tune::RunFacts facts_of(const TrainOptions& o, const Chains& c, const std::string& model, const tune::TrainerInfo& i);
// Where a run stood, and how it ran: the notes of a checkpoint.
struct Notes {
  std::int64_t optimizer_steps = 0, pass_tokens = 0, kept_layers = 0;
};
std::string to_json(const Notes& n);
Result<Notes> read_notes(const tune::FoundCheckpoint& c);  // Exit::kModel

// Settings and data must be those of the checkpoint: Exit::kUsage naming what differs. Threads, instruction set, type and device
// may differ: sentences that say what that means.
Result<std::vector<std::string>> compare(const tune::RunFacts& now, const tune::FoundCheckpoint& then);

class TrainRun final : public tune::FitEvents {
 public:
  TrainRun(const TrainOptions& o, const Chains& c, const std::string& model, tune::Trainer& trainer,
           const tune::MemoryPlan& plan);

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
  std::string folder() const;  // of the checkpoints

 private:
  using Clock = std::chrono::steady_clock;
  Result<void> write(const metrics::Record& r);
  Result<tune::HeldOutVerdicts> verdicts();
  void draw();

  const TrainOptions& o_;
  const Chains& chains_;
  const std::string& model_;
  tune::Trainer& trainer_;
  const tune::MemoryPlan& plan_;
  Progress progress_;
  std::optional<metrics::Log> log_;
  std::optional<metrics::EventFile> events_;
  std::optional<metrics::Validation> first_, last_;
  std::optional<tune::StepReport> step_;
  Clock::time_point since_;  // the last step, or what came after it
  double step_seconds_ = 0;  // in steps alone
  std::int64_t tokens_ = 0, done_before_ = 0;
};

std::uint64_t resident_bytes();  // of this process

}  // namespace rm::rmdistill
