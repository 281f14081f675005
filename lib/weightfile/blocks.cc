#include "lib/weightfile/blocks.h"

#include <algorithm>
#include <cmath>

#include "lib/weightfile/block_layout.h"

namespace rm::weightfile {
namespace {

// One block of a format at `b`: its q, and a scale and a minimum for each 32.
void q4_0(const Byte* b, Byte* q, float* scale, float* minimum) {
  *scale = half_at(b);
  *minimum = 8 * *scale;
  for (int i = 0; i < 16; ++i) q[i] = b[2 + i] & 15, q[16 + i] = b[2 + i] >> 4;
}

void q4_1(const Byte* b, Byte* q, float* scale, float* minimum) {
  *scale = half_at(b);
  *minimum = -half_at(b + 2);
  for (int i = 0; i < 16; ++i) q[i] = b[4 + i] & 15, q[16 + i] = b[4 + i] >> 4;
}

void five_bits(const Byte* high, const Byte* low, Byte* q) {
  std::uint32_t top;
  std::memcpy(&top, high, 4);
  for (int i = 0; i < 16; ++i) {
    q[i] = static_cast<Byte>((low[i] & 15) | (top >> i & 1) << 4);
    q[16 + i] = static_cast<Byte>((low[i] >> 4) | (top >> (16 + i) & 1) << 4);
  }
}

void q5_0(const Byte* b, Byte* q, float* scale, float* minimum) {
  *scale = half_at(b);
  *minimum = 16 * *scale;
  five_bits(b + 2, b + 6, q);
}

void q5_1(const Byte* b, Byte* q, float* scale, float* minimum) {
  *scale = half_at(b);
  *minimum = -half_at(b + 2);
  five_bits(b + 4, b + 8, q);
}

void q8_0(const Byte* b, Byte* q, float* scale, float* minimum) {
  *scale = half_at(b);
  *minimum = 128 * *scale;
  for (int i = 0; i < 32; ++i) q[i] = static_cast<Byte>(b[2 + i] ^ 0x80);  // int8 + 128
}

void k_scales(const Byte* b, float* scale, float* minimum) {
  const float d = half_at(b), dmin = half_at(b + 2);
  const Scales s = unpack_scales(b + 4);
  for (int i = 0; i < 8; ++i) scale[i] = d * s.scale[i], minimum[i] = dmin * s.minimum[i];
}

void q4_k(const Byte* b, Byte* q, float* scale, float* minimum) {
  k_scales(b, scale, minimum);
  b += 16;
  for (int pair = 0; pair < 4; ++pair, b += 32, q += 64)
    for (int i = 0; i < 32; ++i) q[i] = b[i] & 15, q[32 + i] = b[i] >> 4;
}

void q5_k(const Byte* b, Byte* q, float* scale, float* minimum) {
  k_scales(b, scale, minimum);
  const Byte* high = b + 16;
  b += 48;
  for (int pair = 0; pair < 4; ++pair, b += 32, q += 64) {
    for (int i = 0; i < 32; ++i) {
      q[i] = static_cast<Byte>((b[i] & 15) | (high[i] >> (2 * pair) & 1) << 4);
      q[32 + i] = static_cast<Byte>((b[i] >> 4) | (high[i] >> (2 * pair + 1) & 1) << 4);
    }
  }
}

void q6_k(const Byte* b, Byte* q, float* scale, float*) {
  const float d = half_at(b + 208);
  for (int i = 0; i < 16; ++i) scale[i] = d * static_cast<std::int8_t>(b[192 + i]);
  const Byte* high = b + 128;
  for (int part = 0; part < 2; ++part, b += 64, high += 32, q += 128) {
    for (int i = 0; i < 32; ++i) {
      q[i] = static_cast<Byte>((b[i] & 15) | (high[i] & 3) << 4);
      q[32 + i] = static_cast<Byte>((b[32 + i] & 15) | (high[i] >> 2 & 3) << 4);
      q[64 + i] = static_cast<Byte>((b[i] >> 4) | (high[i] >> 4 & 3) << 4);
      q[96 + i] = static_cast<Byte>((b[32 + i] >> 4) | (high[i] >> 6) << 4);
    }
  }
}

using Block = void (*)(const Byte*, Byte*, float*, float*);

Block block_of(DType t) {
  switch (t) {
    case DType::kQ4_0:
      return q4_0;
    case DType::kQ4_1:
      return q4_1;
    case DType::kQ5_0:
      return q5_0;
    case DType::kQ5_1:
      return q5_1;
    case DType::kQ8_0:
      return q8_0;
    case DType::kQ4_K:
      return q4_k;
    case DType::kQ5_K:
      return q5_k;
    case DType::kQ6_K:
      return q6_k;
    default:
      return nullptr;
  }
}

}  // namespace

int quantised_bits(DType t) {
  if (t == DType::kQ4_0 || t == DType::kQ4_1 || t == DType::kQ4_K) return 4;
  if (t == DType::kQ6_K) return 6;
  return block_of(t) != nullptr ? 8 : 0;
}

void to_blocks(DType t, std::span<const std::byte> src, std::size_t n, const BlockSpan& to) {
  const Block block = block_of(t);
  if (block == nullptr) return;
  const auto* in = reinterpret_cast<const Byte*>(src.data());
  const std::size_t each = block_elements(t), count = std::min(n / each, src.size() / block_bytes(t));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = i * each / kBlockWeights;
    block(in + i * block_bytes(t), to.q + i * each, to.scale + at * scales_of_block(to.bits), to.minimum + at);
  }
}

void round_to_blocks(std::span<const float> weights, const BlockSpan& to) {
  constexpr float kSteps = 255;
  for (std::size_t block = 0; block < weights.size() / kBlockWeights; ++block) {
    const float* w = weights.data() + block * kBlockWeights;
    const auto finite = [w](std::size_t i) { return std::isfinite(w[i]) ? w[i] : 0.0f; };
    float low = finite(0), high = low;
    for (std::size_t i = 1; i < kBlockWeights; ++i) low = std::min(low, finite(i)), high = std::max(high, finite(i));
    const float step = (high - low) / kSteps, inverse = step > 0 ? 1 / step : 0;
    to.scale[block] = step;
    to.minimum[block] = -low;
    for (std::size_t i = 0; i < kBlockWeights; ++i)
      to.q[block * kBlockWeights + i] =
          static_cast<Byte>(std::clamp(std::lround((finite(i) - low) * inverse), 0l, 255l));
  }
}

}  // namespace rm::weightfile
