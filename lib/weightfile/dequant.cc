// Block formats of GGUF to floats. Layouts: the GGUF specification and gguf-py's quants.py, whose operation order is kept
// so that results agree bit for bit. Loops are branch-free over fixed counts: compilers turn them into vectors.
#include <algorithm>
#include <cstring>

#include "lib/base/bf16.h"
#include "lib/weightfile/block_layout.h"
#include "lib/weightfile/weight_file.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")  // at O2 this compiler leaves most of these loops scalar: half the speed
#endif

namespace rm::weightfile {
namespace {

// What fast-math or contraction could change is kept apart: product first, then the sum, each rounded.
inline float scaled_plus(float d, float q, float m) {
  const float p = d * q;
  return p + m;
}

void f32(const Byte* in, float* out, std::size_t n) { std::memcpy(out, in, n * 4); }

void f16(const Byte* in, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = half_at(in + 2 * i);
}

void bf16(const Byte* in, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    std::uint16_t b;
    std::memcpy(&b, in + 2 * i, 2);
    out[i] = from_bf16(b);
  }
}

void q4_0(const Byte* b, float* out) {
  const float d = half_at(b);
  for (int i = 0; i < 16; ++i) {
    out[i] = d * static_cast<float>((b[2 + i] & 15) - 8);
    out[16 + i] = d * static_cast<float>((b[2 + i] >> 4) - 8);
  }
}

void q4_1(const Byte* b, float* out) {
  const float d = half_at(b), m = half_at(b + 2);
  for (int i = 0; i < 16; ++i) {
    out[i] = scaled_plus(d, static_cast<float>(b[4 + i] & 15), m);
    out[16 + i] = scaled_plus(d, static_cast<float>(b[4 + i] >> 4), m);
  }
}

void q5_0(const Byte* b, float* out) {
  const float d = half_at(b);
  std::uint32_t high;
  std::memcpy(&high, b + 2, 4);
  for (int i = 0; i < 16; ++i) {
    const int low = (b[6 + i] & 15) | static_cast<int>(high >> i & 1) << 4;
    const int top = (b[6 + i] >> 4) | static_cast<int>(high >> (16 + i) & 1) << 4;
    out[i] = d * static_cast<float>(low - 16);
    out[16 + i] = d * static_cast<float>(top - 16);
  }
}

void q5_1(const Byte* b, float* out) {
  const float d = half_at(b), m = half_at(b + 2);
  std::uint32_t high;
  std::memcpy(&high, b + 4, 4);
  for (int i = 0; i < 16; ++i) {
    const int low = (b[8 + i] & 15) | static_cast<int>(high >> i & 1) << 4;
    const int top = (b[8 + i] >> 4) | static_cast<int>(high >> (16 + i) & 1) << 4;
    out[i] = scaled_plus(d, static_cast<float>(low), m);
    out[16 + i] = scaled_plus(d, static_cast<float>(top), m);
  }
}

void q8_0(const Byte* b, float* out) {
  const float d = half_at(b);
  for (int i = 0; i < 32; ++i) out[i] = static_cast<float>(static_cast<std::int8_t>(b[2 + i])) * d;
}

void q4_k(const Byte* b, float* out) {
  const float d = half_at(b), dmin = half_at(b + 2);
  const Scales s = unpack_scales(b + 4);
  const Byte* q = b + 16;
  for (int pair = 0; pair < 4; ++pair, q += 32, out += 64) {
    const float d0 = d * s.scale[2 * pair], m0 = dmin * s.minimum[2 * pair];
    const float d1 = d * s.scale[2 * pair + 1], m1 = dmin * s.minimum[2 * pair + 1];
    for (int i = 0; i < 32; ++i) out[i] = scaled_plus(d0, static_cast<float>(q[i] & 15), -m0);
    for (int i = 0; i < 32; ++i) out[32 + i] = scaled_plus(d1, static_cast<float>(q[i] >> 4), -m1);
  }
}

void q5_k(const Byte* b, float* out) {
  const float d = half_at(b), dmin = half_at(b + 2);
  const Scales s = unpack_scales(b + 4);
  const Byte* high = b + 16;
  const Byte* q = b + 48;
  for (int pair = 0; pair < 4; ++pair, q += 32, out += 64) {
    const float d0 = d * s.scale[2 * pair], m0 = dmin * s.minimum[2 * pair];
    const float d1 = d * s.scale[2 * pair + 1], m1 = dmin * s.minimum[2 * pair + 1];
    for (int i = 0; i < 32; ++i)
      out[i] = scaled_plus(d0, static_cast<float>((q[i] & 15) | (high[i] >> (2 * pair) & 1) << 4), -m0);
    for (int i = 0; i < 32; ++i)
      out[32 + i] = scaled_plus(d1, static_cast<float>((q[i] >> 4) | (high[i] >> (2 * pair + 1) & 1) << 4), -m1);
  }
}

void q6_k(const Byte* b, float* out) {
  const Byte* low = b;
  const Byte* high = b + 128;
  const float d = half_at(b + 208);
  float scale[16];
  for (int i = 0; i < 16; ++i) scale[i] = d * static_cast<float>(static_cast<std::int8_t>(b[192 + i]));
  for (int part = 0; part < 2; ++part, low += 64, high += 32, out += 128) {
    const float* s = scale + 8 * part;
    for (int half_run = 0; half_run < 2; ++half_run) {
      for (int j = 0; j < 16; ++j) {
        const int i = 16 * half_run + j;
        const int h = high[i];
        out[i] = s[half_run] * static_cast<float>(((low[i] & 15) | (h & 3) << 4) - 32);
        out[32 + i] = s[2 + half_run] * static_cast<float>(((low[32 + i] & 15) | (h >> 2 & 3) << 4) - 32);
        out[64 + i] = s[4 + half_run] * static_cast<float>(((low[i] >> 4) | (h >> 4 & 3) << 4) - 32);
        out[96 + i] = s[6 + half_run] * static_cast<float>(((low[32 + i] >> 4) | (h >> 6 & 3) << 4) - 32);
      }
    }
  }
}

template <void (*Block)(const Byte*, float*)>
void blocks(DType t, const Byte* in, float* out, std::size_t n) {
  const std::size_t elements = block_elements(t), bytes = block_bytes(t);
  for (std::size_t i = 0; i < n; ++i) Block(in + i * bytes, out + i * elements);
}

}  // namespace

void dequantise(DType t, std::span<const std::byte> src, std::span<float> dst) {
  const auto* in = reinterpret_cast<const Byte*>(src.data());
  // Never past either end, whatever the caller asked for.
  const std::size_t n = std::min(src.size() / block_bytes(t), dst.size() / block_elements(t));
  if (n == 0) return;
  float* out = dst.data();
  switch (t) {
    case DType::kF32:
      return f32(in, out, n);
    case DType::kF16:
      return f16(in, out, n);
    case DType::kBF16:
      return bf16(in, out, n);
    case DType::kQ4_0:
      return blocks<q4_0>(t, in, out, n);
    case DType::kQ4_1:
      return blocks<q4_1>(t, in, out, n);
    case DType::kQ5_0:
      return blocks<q5_0>(t, in, out, n);
    case DType::kQ5_1:
      return blocks<q5_1>(t, in, out, n);
    case DType::kQ8_0:
      return blocks<q8_0>(t, in, out, n);
    case DType::kQ4_K:
      return blocks<q4_k>(t, in, out, n);
    case DType::kQ5_K:
      return blocks<q5_k>(t, in, out, n);
    case DType::kQ6_K:
      return blocks<q6_k>(t, in, out, n);
  }
}

}  // namespace rm::weightfile
