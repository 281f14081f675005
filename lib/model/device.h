// Which backend a --device means. Exit::kUsage for a name, kResources where this object has no kernels for it.
#pragma once

#include <string>

#include "lib/base/result.h"
#include "lib/ops/backend.h"

namespace rm::model {

Result<ops::Backend*> choose_backend(const std::string& device);  // auto, cpu, cuda, cuda:N

}  // namespace rm::model
