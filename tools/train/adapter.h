// A run that goes on with an adapter: its rank, scale and targets are the run's, its matrices the first values.
#pragma once

#include <memory>
#include <string>

#include "lib/tune/trainer.h"
#include "lib/weightfile/lora.h"
#include "tools/train/options.h"

namespace rm::traincli {

// Fills o.settings.lora from the folder of --adapter. Exit::kModel where it is none for this base, or adapts a kind of matrix in
// some layers and not in others, which no run here could.
Result<std::unique_ptr<weightfile::LoraFile>> open_adapter(RunOptions& o, const weightfile::ModelConfig& base);
// Its matrices into a Trainer that was opened with those options.
Result<void> put_adapter(const weightfile::LoraFile& adapter, tune::Trainer& trainer);
// Of all its numbers, for comparing runs. Exit::kIo, kModel.
Result<std::string> adapter_hash(const weightfile::LoraFile& adapter);

}  // namespace rm::traincli
