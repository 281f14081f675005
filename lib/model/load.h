// Opens weights as a StepModel: reads the file, builds the decoder, applies an adapter. Torch stays behind this header.
#pragma once

#include <memory>

#include "lib/base/result.h"
#include "lib/generate/token_engine.h"
#include "lib/model/step.h"
#include "lib/weightfile/weight_file.h"

namespace rm::model {

// Exit::kModel naming the tensor, kResources when the weights do not fit in memory (said before anything is read).
Result<std::unique_ptr<StepModel>> load(const weightfile::WeightFile& file, const generate::EngineOptions& o);

}  // namespace rm::model
