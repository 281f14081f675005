// The summary of a finished run.
#pragma once

#include "tools/rm-rl/run.h"

namespace rm::rmrl {

// To --summary, where it was given. `seconds`: of the whole run. Exit::kIo.
Result<void> write_summary(const RlOptions& o, const Pairs& p, const RlRun& run, const rl::Grpo& grpo,
                           const tune::TrainerInfo& i, double seconds);

}  // namespace rm::rmrl
