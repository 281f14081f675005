// A name for what a model is: equal for every copy of it, other for nearly any other model, and found without reading all of it.
//
// Covers the configuration, as far as a config.json can say it, and of each tensor its name, type, shape and three pieces of
// 4 KiB: begin, middle and end. A run that is gone on with compares it: another path to the same model does not matter, another
// model under the same path is noticed. A copy with a few rows changed between those pieces is not. Not against adversaries.
#pragma once

#include <string>

#include "lib/base/result.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {

// 32 digits. Exit::kIo, kModel as WeightFile::read.
Result<std::string> fingerprint(const WeightFile& f);

}  // namespace rm::weightfile
