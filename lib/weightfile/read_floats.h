// Stored tensors as floats in Hugging Face's order of rows, whatever they are stored as.
//
// A strip at a time: nothing larger than the strip and one row is held. Safe from several threads.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "lib/base/result.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {

// Elements [first, first + to.size()) of tensor `name`; "lm_head.weight" of a model with a tied head is the embedding.
// Exit::kModel where there is no such tensor or the file got shorter, kIo.
Result<void> read_floats(const WeightFile& f, const std::string& name, std::uint64_t first, std::span<float> to);

}  // namespace rm::weightfile
