// The summary of a finished run.
#pragma once

#include "tools/rm-distill/train_run.h"

namespace rm::rmdistill {

// To --summary, where it was given. `seconds`: of the whole run.
Result<void> write_summary(const TrainOptions& o, const Chains& c, const TrainRun& run, const tune::Fit& fit,
                           const tune::TrainerInfo& i, double seconds);

}  // namespace rm::rmdistill
