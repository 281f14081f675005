// The training loop: which chains a step takes, gradients over their passes, a step, and when to validate, save and stop.
//
// Knows no files, tensors or clocks: a Trainer does the arithmetic, FitEvents are told and asked for what happens between
// steps. The state of a run is two numbers (step, chains of the epoch used) and the Trainer's tensors. Short of memory, the
// batch is begun again in smaller passes; a gradient that is not finite costs its step, the third in a row ends the run. A
// requested stop is noticed between passes and in validation: the gradients of the unfinished batch are dropped, so that what is
// saved is the state after the last step. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "lib/base/result.h"
#include "lib/tune/example.h"
#include "lib/tune/order.h"
#include "lib/tune/schedule.h"
#include "lib/tune/trainer.h"

namespace rm::tune {

struct FitOptions {
  std::int64_t epochs = 1;
  std::int64_t batch = 128, micro_batch = 1;  // chains of a step; chains a mean is taken over
  std::int64_t pass_tokens = 8192;            // tokens run at once
  Schedule schedule;                          // its total is that of total_steps()
  double clip = 1.0;
  std::uint64_t seed = 0;
  std::int64_t val_every = 0, save_every = 0;  // steps; 0: only at the end
};

struct StepReport {
  std::int64_t step = 0, total = 0, epoch = 0;  // step counts from 1
  double loss = 0;                              // what the gradient is of: the mean of means
  double lr = 0, grad_norm = 0;
  std::int64_t tokens = 0, targets = 0, right = 0;
  bool taken = true;
};

// Where a run stands: what a checkpoint must hold besides tensors.
struct Place {
  std::int64_t step = 0;      // steps done, refused ones too
  std::int64_t epoch = 0;     // of the next step
  std::int64_t position = 0;  // chains of that epoch already used
  std::int64_t pass_tokens =
      0;  // tokens run at once, after what memory taught; to resume with: 0 for those of FitOptions
};

class FitEvents {
 public:
  virtual ~FitEvents() = default;
  virtual Result<void> stepped(const StepReport& r) = 0;
  // Before the first step too. A resumed run asks again for what is due at the place it goes on from.
  virtual Result<void> validate(const Place& p) = 0;
  virtual Result<void> save(const Place& p) = 0;
  virtual void running(std::int64_t tokens) { (void)tokens; }  // of the pass that is done; for progress
  virtual void notice(const std::string& sentence) = 0;
};

class Fit {
 public:
  // All of them outlive the loop. At least one example.
  Fit(Trainer& trainer, std::span<const Example> examples, const FitOptions& o, FitEvents& events);

  std::int64_t total_steps() const { return total_; }
  const Place& place() const { return place_; }
  // Goes on from a checkpoint. Exit::kModel where the place is not one of this run.
  Result<void> resume(const Place& p);
  // To the end: the last step is validated and saved. A stop is an Error with signals::stop_exit(), after saving; kResources
  // "not_finite" after three refused steps in a row, "out_of_memory" where one chain alone does not fit.
  Result<void> run();

 private:
  Result<void> one_step();
  Result<PassSums> gradients(std::span<const std::uint32_t> chosen);
  Result<PassSums> run_passes(const std::vector<Pass>& passes);
  Result<void> shrink(std::vector<Pass>& passes, const Error& why);
  Result<void> stop();
  Result<void> after_step();
  Result<void> save();
  bool validates() const;
  std::int64_t tokens_of(std::span<const std::uint32_t> chosen) const;

  Trainer& trainer_;
  std::span<const Example> examples_;
  FitOptions o_;
  FitEvents& events_;
  std::int64_t total_ = 0, per_epoch_ = 0;
  Place place_;
  std::int64_t saved_ = -1;  // step
  int refused_ = 0;
  std::vector<std::uint32_t> order_;
  std::int64_t order_epoch_ = -1;
};

}  // namespace rm::tune
