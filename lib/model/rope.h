// Rotary positions (arXiv:2104.09864): frequencies of a configuration, and their cosines and sines for some positions.
//
// The scaled variants follow transformers' modeling_rope_utils.py (functions _compute_*_parameters there), in f32 where
// it uses f32, so that long positions round the same way. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lib/weightfile/config.h"

namespace rm::model {

struct Rope {
  std::vector<float> inverse_frequencies;  // [head_dim / 2]
  float attention_factor = 1;              // multiplies cosines and sines (YaRN, arXiv:2309.00071)
};

Rope make_rope(const weightfile::ModelConfig& c);

// cos and sin have positions.size() rows of head_dim / 2.
void angles(const Rope& rope, std::span<const std::int64_t> positions, std::span<float> cos, std::span<float> sin);

}  // namespace rm::model
