// Makes an engine over a model's weights: plans the cache, loads, allocates. Throws what ATen throws.
#pragma once

#include <memory>

#include "lib/base/result.h"
#include "lib/generate/token_engine.h"
#include "lib/model/step.h"
#include "lib/weightfile/weight_file.h"

namespace rm::engine {

Result<std::unique_ptr<generate::TokenEngine>> open_engine(const generate::EngineOptions& o);  // of the file o.model
// Over any weights; the file is read and not kept.
Result<std::unique_ptr<generate::TokenEngine>> open_engine(const weightfile::WeightFile& file,
                                                           const generate::EngineOptions& o);
// Over a model that is there already.
Result<std::unique_ptr<generate::TokenEngine>> open_engine(std::unique_ptr<model::StepModel> model,
                                                           const generate::EngineOptions& o);

}  // namespace rm::engine
