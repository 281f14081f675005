// Quantised weights in few forms, whatever block format the file has: blocks of 32 with w = scale * q - minimum, q of 4 or 8
// bits; or of 6 bits (Q6_K), with w = scale * (q - 32) and a scale for each 16.
//
// Exact, to the rounding of f32 products, for every format. Floats can be brought into the form of 8 bits: then rounded. Pure
// functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {

inline constexpr std::size_t kBlockWeights = 32;

// How many bits q has: 4, 6 or 8. 0: a format of floats.
int quantised_bits(DType t);
// Scales of 32 weights.
constexpr std::size_t scales_of_block(int bits) { return bits == 6 ? 2 : 1; }

// Where n weights go: n values of q, n / 32 scales and minimums. With 6 bits n / 16 scales, and the minimums, which have a
// place all the same, stay as they are.
struct BlockSpan {
  int bits = 8;
  std::uint8_t* q = nullptr;
  float* scale = nullptr;
  float* minimum = nullptr;
};

// `src` holds n weights, whole blocks, of a format with as many bits as `to`.
void to_blocks(DType t, std::span<const std::byte> src, std::size_t n, const BlockSpan& to);

// Floats to 256 even steps from the least to the greatest of each 32; n a multiple of 32. What is not finite counts as 0. `to` has
// 8 bits.
void round_to_blocks(std::span<const float> weights, const BlockSpan& to);

}  // namespace rm::weightfile
