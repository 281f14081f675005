// The files of a Hugging Face model folder: which shards there are and what every one holds.
//
// Names in an index never leave the folder. Every shard's header is read and must agree with the index.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/weightfile/tensor_read.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {

struct FolderWeights {
  std::vector<OpenShard> files;
  std::vector<TensorInfo> tensors;  // by name
};

// One entry of an index: tensor and the file that holds it.
using IndexEntry = std::pair<std::string, std::string>;

// The weight_map of model.safetensors.index.json, by tensor. Exit::kModel for anything but plain .safetensors names.
Result<std::vector<IndexEntry>> parse_index(std::string_view text, const std::string& name);

// model.safetensors, or model.safetensors.index.json and its shards.
Result<FolderWeights> open_folder_weights(const std::string& folder);

}  // namespace rm::weightfile
