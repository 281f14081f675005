// Loops over one row of logits, compiled for several instruction sets and chosen when the program starts.
//
// Pure functions, any thread. Within one machine the results are a function of the row alone.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace rm::engine {

inline constexpr std::size_t kRowBlock = 1024;  // f32 sums run over at most this many elements, f64 above

// exp(x) for x <= 0 to about 2e-7 relative; 0 below -87. Cody and Waite's reduction, then the Taylor polynomial of
// degree 7 on [-ln2/2, ln2/2].
inline float fast_exp(float x) {
  const float clamped = x < -87.0f ? -87.0f : x;
  const float shifted = clamped * 1.44269504088896341f + 12582912.0f;  // 1.5 * 2^23: rounds to the nearest integer
  const float n = shifted - 12582912.0f;
  const float r = (clamped - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const auto bits = static_cast<std::uint32_t>(static_cast<std::int32_t>(n) + 127) << 23;
  return x < -87.0f ? 0.0f : p * std::bit_cast<float>(bits);
}

// Largest element; `nan` is set when any element is a NaN.
float row_max(const float* x, std::size_t n, bool& nan);
// Sum of exp((x - max) * scale); n <= kRowBlock.
float sum_exp(const float* x, std::size_t n, float max, float scale);

}  // namespace rm::engine
