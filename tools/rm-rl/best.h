// The model of the best validation so far, in the folder "best" of a run.
//
// It is kept only where validations come more than once (--val-every), from the first step on: what the run began with is there
// already. A file validation.json beside it says of which step it is, so that a run that goes on need not write a worse one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/tune/trainer.h"
#include "tools/rm-rl/options.h"
#include "tools/train/base.h"

namespace rm::rmrl {

class Best {
 public:
  explicit Best(const RlOptions& o) : o_(o) {}

  // What an earlier run left, unless it is of a step after `step`. Exit::kIo.
  Result<void> find(std::int64_t step);
  // Writes the model as it is now where `accuracy` is higher than any before. Exit::kIo, kResources.
  Result<void> offer(std::int64_t step, double accuracy, const traincli::Base& base, const tune::Trainer& trainer);

  std::string folder() const;
  std::optional<std::int64_t> step() const { return step_; }  // empty: there is none
  double accuracy() const { return accuracy_; }

 private:
  const RlOptions& o_;
  std::optional<std::int64_t> step_;
  double accuracy_ = 0;
};

}  // namespace rm::rmrl
