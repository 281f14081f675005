// bf16 and f32: the upper half of a float's bits, rounded to the nearest, ties to even; a NaN stays one, made quiet. Written so that
// loops over them become vector code.
#pragma once

#include <bit>
#include <cstdint>

namespace rm {

constexpr float from_bf16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

constexpr std::uint16_t to_bf16(float v) {
  const auto bits = std::bit_cast<std::uint32_t>(v);
  const std::uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16, quiet = (bits >> 16) | 0x40u;
  return static_cast<std::uint16_t>(v == v ? rounded : quiet);
}

}  // namespace rm
