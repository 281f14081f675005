// Opens weights as a StepModel: reads the file, builds the decoder, applies an adapter. Torch stays behind this header.
#pragma once

#include <memory>

#include "lib/base/result.h"
#include "lib/generate/token_engine.h"
#include "lib/model/kind.h"
#include "lib/model/step.h"
#include "lib/weightfile/weight_file.h"

namespace rm::model {

// `blocks`: the kinds of matrices that may keep the blocks of their file; the others become floats of the compute type. For
// measuring what each costs. Exit::kModel naming the tensor, kResources when the weights do not fit in memory (said before anything is read).
Result<std::unique_ptr<StepModel>> load(const weightfile::WeightFile& file, const generate::EngineOptions& o,
                                        unsigned blocks = kAllKinds);

// The buffers of a step come and go hundreds of times a second: from now on the heap keeps them instead of returning their
// pages to the system and clearing new ones, which costs a tenth of prefill.
void keep_freed_memory();

}  // namespace rm::model
