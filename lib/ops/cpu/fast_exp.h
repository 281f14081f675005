// The exponential of row loops that compilers turn into vector code. Pure.
#pragma once

#include <bit>
#include <cstdint>

namespace rm::ops::cpu {

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

}  // namespace rm::ops::cpu
