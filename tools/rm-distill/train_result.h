// What a finished run leaves: the model or the adapter, and its summary.
#pragma once

#include <string>

#include "lib/weightfile/weight_file.h"
#include "tools/rm-distill/train_run.h"

namespace rm::rmdistill {

// Into the folder of the run. Exit::kIo, kResources.
Result<void> write_result(const TrainOptions& o, const weightfile::WeightFile& base, const tune::Trainer& trainer);
// To --summary, where it was given. `seconds`: of the whole run.
Result<void> write_summary(const TrainOptions& o, const Chains& c, const TrainRun& run, const tune::Fit& fit,
                           const tune::TrainerInfo& i, double seconds);

}  // namespace rm::rmdistill
