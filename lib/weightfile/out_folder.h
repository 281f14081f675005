// The folder that a model or an adapter is written into: made, and cleared of what an earlier one left there.
#pragma once

#include <cstddef>
#include <string>

#include "lib/base/result.h"

namespace rm::weightfile {

inline constexpr const char* kSingleWeights = "model.safetensors";
inline constexpr const char* kWeightsIndex = "model.safetensors.index.json";
inline constexpr const char* kAdapterConfig = "adapter_config.json";
inline constexpr const char* kAdapterWeights = "adapter_model.safetensors";

// "model-00002-of-00004.safetensors".
std::string shard_name(std::size_t index, std::size_t count);

// Exit::kUsage where `folder` is that of the base: its weights would be lost. `base` may be no path at all.
Result<void> refuse_own_folder(const std::string& folder, const std::string& base);

// Exit::kUsage, "foreign", where `folder` holds a file of a model or an adapter, named in the message. Touches nothing.
Result<void> refuse_model_folder(const std::string& folder);

// Makes the folder and removes weights and adapters of an earlier run, whole or unfinished, so that no loader takes
// them for the new ones: first the names that make a folder a model, then their parts. Nothing else is touched. Exit::kIo.
Result<void> clear_out_folder(const std::string& folder);

}  // namespace rm::weightfile
