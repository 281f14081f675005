// Products of 8-bit activations with 4- and 8-bit weights, compiled once for every instruction set behind kernels_body.h,
// whose vectors and names it uses. Layout and formula: quantised.h.
//
// A register tile is kR rows by kN vectors of columns. It walks the blocks of a chunk: sums of 32 products in integers, then
// scale * sum - minimum * (sum of the activations) in floats, each with the activations' own scale for the block. The order of
// additions for a row and a column is the same in every tile.

namespace rm::ops::cpu::RM_ISA {
namespace {

using Byte = std::uint8_t;
typedef std::int32_t IV __attribute__((vector_size(kW * 4)));
typedef Byte BV __attribute__((vector_size(kW * 4)));
typedef std::int8_t SV __attribute__((vector_size(kW)));

inline BV load_bytes(const Byte* p) {
  BV v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

// IEEE halves of normal and subnormal numbers; the layout holds no others.
inline V load_halves(const std::uint16_t* p) {
#if RM_WIDTH == 16
  return (V)_mm512_maskz_cvtph_ps(0xFFFF, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
#elif RM_WIDTH == 8
  return (V)_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
#else
  H h;
  __builtin_memcpy(&h, p, sizeof h);
  const U u = __builtin_convertvector(h, U);
  return (V)((u & 0x8000u) << 16 | (u & 0x7fffu) << 13) * 0x1p112f;
#endif
}

#if !RM_DOT_INT8 && RM_WIDTH == 16
inline IV fours(BV w, std::int32_t a) {
  return (IV)_mm512_madd_epi16(_mm512_maddubs_epi16((__m512i)w, _mm512_set1_epi32(a)), _mm512_set1_epi16(1));
}
#elif !RM_DOT_INT8 && RM_WIDTH == 8
inline IV fours(BV w, std::int32_t a) {
  return (IV)_mm256_madd_epi16(_mm256_maddubs_epi16((__m256i)w, _mm256_set1_epi32(a)), _mm256_set1_epi16(1));
}
#endif

// acc[i] += sum of w[4 i + l] * a[l] over l < 4, w from 0 to 255, a from -127 to 127.
template <int kBits>
inline IV dot4(IV acc, BV w, std::int32_t a) {
#if RM_DOT_INT8
  return (IV)_mm512_dpbusd_epi32((__m512i)acc, (__m512i)w, _mm512_set1_epi32(a));
#elif RM_WIDTH == 16 || RM_WIDTH == 8
  if constexpr (kBits == 4) return acc + fours(w, a);
  // Two halves of the bits, as sums of two full products would not fit 16 bits.
  return acc + fours(w & 15, a) + (fours((BV)((U)w >> 4) & 15, a) << 4);
#else
  std::int8_t s[4];
  __builtin_memcpy(s, &a, 4);
  for (int i = 0; i < kW; ++i)
    for (int l = 0; l < 4; ++l) acc[i] += w[4 * i + l] * s[l];
  return acc;
#endif
}

struct Chunk {
  const std::int8_t* a;  // [rows], stride lda
  I lda;
  const float *scales, *sums;  // of the activations of each block, [rows], stride lds
  I lds;
  const Byte* weights;  // of the first block
  I blocks;
  float* out;  // [rows, kPanel]
  bool add;
  bool ahead;  // ask for the chunk after this one: with few rows its way from memory is what takes the time
};

template <int kBits, int kR, int kN>
void chunk_tile(const Chunk& c, I column) {
  constexpr I kStride = kBits == 4 ? kBlockBytes4 : kBlockBytes8;
  constexpr I kGroup = kPanel * 4;  // bytes of four weights of all columns
  V total[kR][kN] = {};
  constexpr int kLines = kStride / 64 * kN * kW / kPanel;  // of the next chunk's block, this tile's share
  const Byte* ahead = c.ahead ? c.weights + c.blocks * kStride + column / (kN * kW) * (kLines * 64) : nullptr;
  for (I b = 0; b < c.blocks; ++b) {
    if (ahead) {
#pragma GCC unroll 36
      for (int i = 0; i < kLines; ++i) __builtin_prefetch(ahead + b * kStride + i * 64, 0, 2);
    }
    const Byte* w = c.weights + b * kStride + column * 4;
    const std::int8_t* a = c.a + b * kBlockWeights;
    IV acc[kR][kN] = {};
#pragma GCC unroll 2
    for (int g = 0; g < kBlockWeights / 4; g += kBits == 4 ? 2 : 1, w += kGroup) {
      BV v[kN];
#pragma GCC unroll 4
      for (int n = 0; n < kN; ++n) v[n] = load_bytes(w + n * kW * 4);
#pragma GCC unroll 6
      for (int r = 0; r < kR; ++r) {
        std::int32_t x;
        __builtin_memcpy(&x, a + r * c.lda + g * 4, 4);
#pragma GCC unroll 4
        for (int n = 0; n < kN; ++n) acc[r][n] = dot4<kBits>(acc[r][n], kBits == 4 ? v[n] & 15 : v[n], x);
      }
      if constexpr (kBits == 4) {
#pragma GCC unroll 4
        for (int n = 0; n < kN; ++n) v[n] = (BV)((U)v[n] >> 4) & 15;
#pragma GCC unroll 6
        for (int r = 0; r < kR; ++r) {
          std::int32_t x;
          __builtin_memcpy(&x, a + r * c.lda + g * 4 + 4, 4);
#pragma GCC unroll 4
          for (int n = 0; n < kN; ++n) acc[r][n] = dot4<kBits>(acc[r][n], v[n], x);
        }
      }
    }
    const auto* halves = reinterpret_cast<const std::uint16_t*>(c.weights + (b + 1) * kStride) - 2 * kPanel + column;
#pragma GCC unroll 4
    for (int n = 0; n < kN; ++n) {
      const V scale = load_halves(halves + n * kW), minimum = load_halves(halves + kPanel + n * kW);
#pragma GCC unroll 6
      for (int r = 0; r < kR; ++r) {
        const V product = __builtin_convertvector(acc[r][n], V) * splat(c.scales[r * c.lds + b]);
        total[r][n] = fused(scale, product, total[r][n]);
        total[r][n] = fused(minimum, splat(c.sums[r * c.lds + b]), total[r][n]);
      }
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < kR; ++r) {
#pragma GCC unroll 4
    for (int n = 0; n < kN; ++n) {
      float* to = c.out + r * kPanel + column + n * kW;
      store(to, c.add ? load(to) + total[r][n] : total[r][n]);
    }
  }
}

template <int kBits, int kR, int kN>
void chunk_columns(const Chunk& c) {
  for (I column = 0; column < kPanel; column += kN * kW) chunk_tile<kBits, kR, kN>(c, column);
}

template <int kBits>
void chunk_rows(int rows, const Chunk& c) {
  constexpr int kWide = kW == 16 ? 4 : 2, kNarrow = kW == 16 ? 2 : 1;
  switch (rows) {
    case 1:
      return chunk_columns<kBits, 1, kWide>(c);
    case 2:
      return chunk_columns<kBits, 2, kWide>(c);
    case 3:
      return chunk_columns<kBits, 3, kNarrow>(c);
    case 4:
      return chunk_columns<kBits, 4, kNarrow>(c);
    case 5:
      return chunk_columns<kBits, 5, kNarrow>(c);
    default:
      return chunk_columns<kBits, 6, kNarrow>(c);
  }
}

void panel_quantised(const QuantisedJob& j) {
  constexpr I kTile = kW == 16 ? 6 : 4;
  const auto* factor = reinterpret_cast<const float*>(j.panel);
  const Byte* weights = static_cast<const Byte*>(j.panel) + kPanel * 4;
  const I block_bytes = j.bits == 4 ? kBlockBytes4 : kBlockBytes8, chunks = (j.k + kChunk - 1) / kChunk;
  const I tiles = (j.rows + kTile - 1) / kTile;
  for (I chunk = 0; chunk < chunks; ++chunk) {
    const I first = chunk * kChunk, left = (j.k - first) / kBlockWeights;
    const I blocks = left < kChunk / kBlockWeights ? left : kChunk / kBlockWeights;
    I row = 0;
    for (I t = 0; t < tiles; ++t) {
      const I count = j.rows / tiles + (t < j.rows % tiles);
      const Chunk c = {j.a.q + row * j.k + first,
                       j.k,
                       j.a.scales + row * (j.k / kBlockWeights) + first / kBlockWeights,
                       j.a.sums + row * (j.k / kBlockWeights) + first / kBlockWeights,
                       j.k / kBlockWeights,
                       weights + first / kBlockWeights * block_bytes,
                       blocks,
                       j.to.scratch + row * kPanel,
                       chunk > 0,
                       t == 0 && j.rows > 2};
      j.bits == 4 ? chunk_rows<4>(static_cast<int>(count), c) : chunk_rows<8>(static_cast<int>(count), c);
      row += count;
    }
  }
  write_panel<true>(j.rows, j.to, factor);
}

// A row of k activations: 127 steps to the largest magnitude of each block. A number that is not finite makes the block's
// scale NaN, and with it the row's results.
template <class E>
void quantise_row_of(const E* x, I k, std::int8_t* q, float* scales, float* sums) {
  const V magic = splat(12582912.0f);
  for (I b = 0; b < k; b += kBlockWeights) {
    V top = V{}, zero = V{};
    for (I i = b; i < b + kBlockWeights; i += kW) {
      const V v = load(x + i), negative = V{} - v;
      top = max(top, max(v, negative));
      zero += v * 0.0f;
    }
    const float most = maximum(top), step = most > 0 ? 127.0f / most : 0.0f, scale = most / 127.0f + sum(zero);
    IV all = {};
    for (I i = b; i < b + kBlockWeights; i += kW) {
      const V rounded = load(x + i) * step + magic;  // the integer sits in the low bits
      const IV v = (IV)rounded - (IV)magic;
      all += v;
      const SV bytes = __builtin_convertvector(v, SV);
      __builtin_memcpy(q + i, &bytes, sizeof bytes);
    }
    std::int32_t s = 0;
    for (int i = 0; i < kW; ++i) s += all[i];
    scales[b / kBlockWeights] = scale;
    sums[b / kBlockWeights] = -scale * static_cast<float>(s);
  }
}
void quantise_row(const void* x, bool bf16, I k, std::int8_t* q, float* scales, float* sums) {
  if (bf16)
    quantise_row_of(static_cast<const Bf16*>(x), k, q, scales, sums);
  else
    quantise_row_of(static_cast<const float*>(x), k, q, scales, sums);
}

}  // namespace
}  // namespace rm::ops::cpu::RM_ISA
