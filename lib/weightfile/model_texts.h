// The texts of a model folder, in memory: all that can go wrong with the base shows before anything is written.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {

struct TextFile {
  std::string name, text;
};

// config.json first. Copied from a folder, made of a GGUF's metadata. Exit::kModel, kIo.
Result<std::vector<TextFile>> model_texts(const WeightFile& base, DType dtype);
// Writes them and removes those of an earlier model that this one has not. Exit::kIo.
Result<void> put_texts(const std::string& folder, std::span<const TextFile> texts);

}  // namespace rm::weightfile
