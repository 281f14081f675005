// Opens a Trainer in the Torch object of a device (generate/torch_object.h). Exit::kModel, kResources, kUsage.
#pragma once

#include <memory>

#include "lib/base/result.h"
#include "lib/tune/trainer.h"

namespace rm::tune {

Result<std::unique_ptr<Trainer>> open_trainer(const TrainerOptions& o);

}  // namespace rm::tune
