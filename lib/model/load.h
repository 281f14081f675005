// Opens weights as a StepModel: reads the file, builds the decoder, applies an adapter. Torch stays behind this header.
#pragma once

#include <memory>

#include "lib/base/result.h"
#include "lib/generate/token_engine.h"
#include "lib/model/step.h"
#include "lib/weightfile/weight_file.h"

namespace rm::model {

// The matrices of a model by their place. A set of them says which may keep the blocks of their file; the others become floats
// of the compute type. For measuring what each costs.
enum Kind : unsigned { kQkv = 1, kO = 2, kGateUp = 4, kDown = 8, kHead = 16, kAllKinds = 31 };

// Exit::kModel naming the tensor, kResources when the weights do not fit in memory (said before anything is read).
Result<std::unique_ptr<StepModel>> load(const weightfile::WeightFile& file, const generate::EngineOptions& o,
                                        unsigned blocks = kAllKinds);

}  // namespace rm::model
