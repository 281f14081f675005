// What the block formats of GGUF share: halves as floats, and packed 6-bit scales. Internal to weightfile.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace rm::weightfile {

using Byte = std::uint8_t;

// IEEE half to float, exact for every pattern (NaN payloads keep their top bits). All cases are computed and one is
// chosen, so that loops over it become vectors.
inline float half(std::uint16_t h) {
  const std::uint32_t sign = (h & 0x8000u) << 16, rest = h & 0x7FFFu;
  const std::uint32_t normal = (rest << 13) + 0x38000000u;  // rebias the exponent by 112
  const std::uint32_t special = 0x7F800000u | (rest & 0x3FFu) << 13;
  const auto small = std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::int32_t>(rest)) * 0x1p-24f);
  const std::uint32_t finite = rest < 0x0400u ? small : normal;
  return std::bit_cast<float>((rest >= 0x7C00u ? special : finite) | sign);
}

inline float half_at(const Byte* p) {
  std::uint16_t h;
  std::memcpy(&h, p, 2);
  return half(h);
}

// Eight 6-bit scales and minimums packed into 12 bytes.
struct Scales {
  Byte scale[8], minimum[8];
};
inline Scales unpack_scales(const Byte* p) {
  Scales s;
  for (int i = 0; i < 4; ++i) {
    s.scale[i] = p[i] & 63;
    s.minimum[i] = p[4 + i] & 63;
    s.scale[4 + i] = static_cast<Byte>((p[8 + i] & 15) | (p[i] >> 2 & 0x30));
    s.minimum[4 + i] = static_cast<Byte>((p[8 + i] >> 4) | (p[4 + i] >> 2 & 0x30));
  }
  return s;
}

}  // namespace rm::weightfile
