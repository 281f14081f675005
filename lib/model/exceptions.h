// What an exception of the tensor library means to the caller: the one place that reads its types and words.
#pragma once

#include "lib/base/result.h"

namespace rm::model {

// Of the exception being handled: Exit::kResources "out_of_memory", else Exit::kBug "torch". `doing`: "running a step".
Error from_exception(const char* doing);

}  // namespace rm::model
