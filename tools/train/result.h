// What a finished run leaves in its folder.
#pragma once

#include <string>

#include "lib/base/json.h"
#include "lib/tune/trainer.h"
#include "lib/weightfile/weight_file.h"
#include "tools/train/options.h"

namespace rm::traincli {

bool leaves_adapter(const RunOptions& o);  // and no model
// The model or the adapter, into `folder`. Exit::kIo, kResources.
Result<void> write_result(const RunOptions& o, const std::string& folder, const weightfile::WeightFile& base,
                          const tune::Trainer& trainer);
// Members of a summary: "parameters" to "threads", and "seed".
void add_trainer(json::Writer& w, const RunOptions& o, const tune::TrainerInfo& i);

}  // namespace rm::traincli
