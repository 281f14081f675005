// Quantised weights in one form, whatever block format the file has: blocks of 32, w = scale * q - minimum.
//
// Exact (to the rounding of f32 products) for every format but Q6_K, whose blocks of 16 are put together in pairs and rounded
// to one of 256 steps. Floats can be brought into the form too: then rounded likewise. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {

inline constexpr std::size_t kBlockWeights = 32;

// 4: q is 0 to 15. 8: q is 0 to 255. 0: a format of floats.
int quantised_bits(DType t);

// Where n weights go: n values of q, n / 32 scales and minimums.
struct BlockSpan {
  std::uint8_t* q = nullptr;
  float* scale = nullptr;
  float* minimum = nullptr;
};

// `src` holds n weights, whole blocks, of a format with bits.
void to_blocks(DType t, std::span<const std::byte> src, std::size_t n, const BlockSpan& to);

// Floats to 256 even steps from the least to the greatest of each 32; n a multiple of 32. What is not finite counts as 0.
void round_to_blocks(std::span<const float> weights, const BlockSpan& to);

}  // namespace rm::weightfile
