// Products of 8-bit activations with weights of 4, 6 and 8 bits, compiled once for every instruction set behind
// kernels_body.h, whose vectors and names it uses. Layout and formula: kernels.h.
//
// A register tile is kR rows by kN vectors of columns. It walks the blocks of a chunk: sums of products in integers, scaled and
// added up in floats, with the activations' own scale for the block. The order of additions for a row and a column is the
// same in every tile.

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
  if constexpr (kBits < 8) return acc + fours(w, a);
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
  const float *scales, *sums;   // of the activations of each block, [rows], stride lds
  const std::int32_t* offsets;  // two of each block, [rows], stride 2 lds
  I lds;
  const Byte* weights;  // of the first block
  I blocks;
  float* out;  // [rows, kPanel]
  bool add;
  bool ahead;  // ask for the next chunk; not worth it where a few rows of 4 bits read one after the other anyway
};

constexpr I kGroup = kPanel * 4;  // bytes of four weights of all columns

// acc += the products of one group of weights, for all rows of a tile; `a` at the group's first activation.
template <int kBits, int kR, int kN>
__attribute__((always_inline)) inline void add_group(IV (&acc)[kR][kN], const BV (&w)[kN], const std::int8_t* a,
                                                     I lda) {
#pragma GCC unroll 6
  for (int r = 0; r < kR; ++r) {
    std::int32_t x;
    __builtin_memcpy(&x, a + r * lda, 4);
#pragma GCC unroll 4
    for (int n = 0; n < kN; ++n) acc[r][n] = dot4<kBits>(acc[r][n], w[n], x);
  }
}

// Sums of 32 products in integers, then scale * sum - minimum * (sum of the activations); 4 or 8 bits.
template <int kBits, int kR, int kN>
__attribute__((always_inline)) inline void add_block(V (&total)[kR][kN], const Chunk& c, I b, I column) {
  const Byte* w = c.weights + b * block_bytes(kBits) + column * 4;
  const std::int8_t* a = c.a + b * kBlockWeights;
  IV acc[kR][kN] = {};
#pragma GCC unroll 2
  for (int g = 0; g < kBlockWeights / 4; g += kBits == 4 ? 2 : 1, w += kGroup) {
    BV v[kN], part[kN];
#pragma GCC unroll 4
    for (int n = 0; n < kN; ++n) v[n] = load_bytes(w + n * kW * 4);
#pragma GCC unroll 4
    for (int n = 0; n < kN; ++n) part[n] = kBits == 4 ? v[n] & 15 : v[n];
    add_group<kBits>(acc, part, a + g * 4, c.lda);
    if constexpr (kBits == 4) {
#pragma GCC unroll 4
      for (int n = 0; n < kN; ++n) part[n] = (BV)((U)v[n] >> 4) & 15;
      add_group<kBits>(acc, part, a + g * 4 + 4, c.lda);
    }
  }
  const auto* halves =
      reinterpret_cast<const std::uint16_t*>(c.weights + (b + 1) * block_bytes(kBits)) - 2 * kPanel + column;
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

// With 6 bits: two sums of 16 products, which begin with what the offset of 32 takes away.
template <int kR, int kN>
__attribute__((always_inline)) inline void add_block_of_6(V (&total)[kR][kN], const Chunk& c, I b, I column) {
  const std::int8_t* a = c.a + b * kBlockWeights;
  for (int half = 0; half < 2; ++half) {
    const Byte* begin = c.weights + b * block_bytes(6) + half * kHalfBytes6;
    const Byte* w = begin + column * 4;
    const auto* scales = reinterpret_cast<const std::uint16_t*>(begin + 3 * kGroup) + column;
    IV acc[kR][kN];
    BV low[kN], high[kN], part[kN];
#pragma GCC unroll 6
    for (int r = 0; r < kR; ++r)
#pragma GCC unroll 4
      for (int n = 0; n < kN; ++n) acc[r][n] = IV{} + c.offsets[2 * (r * c.lds + b) + half];
#pragma GCC unroll 4
    for (int n = 0; n < kN; ++n) high[n] = load_bytes(w + n * kW * 4);
#pragma GCC unroll 4
    for (int g = 0; g < 4; ++g) {
#pragma GCC unroll 4
      for (int n = 0; n < kN; ++n) {
        if (g % 2 == 0) low[n] = load_bytes(w + (1 + g / 2) * kGroup + n * kW * 4);
        const BV rest = g % 2 == 0 ? low[n] & 15 : (BV)((U)low[n] >> 4) & 15;
        // Bits 2 g and 2 g + 1 to bits 4 and 5; what crosses from byte to byte is masked out.
        const U top = g < 2 ? (U)high[n] << (4 - 2 * g) : (U)high[n] >> (2 * g - 4);
        part[n] = rest | ((BV)top & 0x30);
      }
      add_group<6>(acc, part, a + half * 16 + g * 4, c.lda);
    }
#pragma GCC unroll 4
    for (int n = 0; n < kN; ++n) {
      const V scale = load_halves(scales + n * kW);
#pragma GCC unroll 6
      for (int r = 0; r < kR; ++r) {
        const V product = __builtin_convertvector(acc[r][n], V) * splat(c.scales[r * c.lds + b]);
        total[r][n] = fused(scale, product, total[r][n]);
      }
    }
  }
}

template <int kBits, int kR, int kN>
void chunk_tile(const Chunk& c, I column) {
  constexpr I kStride = block_bytes(kBits);
  constexpr int kLines = kStride / 64 * kN * kW / kPanel;  // of the next chunk's block, this tile's share
  V total[kR][kN] = {};
  const Byte* ahead = c.ahead ? c.weights + c.blocks * kStride + column / (kN * kW) * (kLines * 64) : nullptr;
  for (I b = 0; b < c.blocks; ++b) {
    if (ahead) {
#pragma GCC unroll 36
      for (int i = 0; i < kLines; ++i) __builtin_prefetch(ahead + b * kStride + i * 64, 0, 2);
    }
    if constexpr (kBits == 6)
      add_block_of_6(total, c, b, column);
    else
      add_block<kBits>(total, c, b, column);
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
  const I chunks = (j.k + kChunk - 1) / kChunk, in_blocks = j.k / kBlockWeights;
  const I tiles = (j.rows + kTile - 1) / kTile;
  for (I chunk = 0; chunk < chunks; ++chunk) {
    const I first = chunk * kChunk, left = (j.k - first) / kBlockWeights;
    const I blocks = left < kChunk / kBlockWeights ? left : kChunk / kBlockWeights;
    I row = 0;
    for (I t = 0; t < tiles; ++t) {
      const I count = j.rows / tiles + (t < j.rows % tiles);
      const Chunk c = {j.a.q + row * j.k + first,
                       j.k,
                       j.a.scales + row * in_blocks + first / kBlockWeights,
                       j.a.sums + row * in_blocks + first / kBlockWeights,
                       j.a.offsets + 2 * (row * in_blocks + first / kBlockWeights),
                       in_blocks,
                       weights + first / kBlockWeights * block_bytes(j.bits),
                       blocks,
                       j.to.scratch + row * kPanel,
                       chunk > 0,
                       t == 0 && (j.rows > 2 || j.bits > 4)};
      switch (j.bits) {
        case 4:
          chunk_rows<4>(static_cast<int>(count), c);
          break;
        case 6:
          chunk_rows<6>(static_cast<int>(count), c);
          break;
        default:
          chunk_rows<8>(static_cast<int>(count), c);
      }
      row += count;
    }
  }
  write_panel<true>(j.rows, j.to, factor);
}

// A row of k activations: 127 steps to the largest magnitude of each block. A number that is not finite makes the block's
// scale NaN, and with it the row's results.
template <class E>
void quantise_row_of(const E* x, I k, const QuantisedRow& to) {
  const V magic = splat(12582912.0f);
  for (I b = 0; b < k; b += kBlockWeights) {
    V top = V{}, zero = V{};
    for (I i = b; i < b + kBlockWeights; i += kW) {
      const V v = load(x + i), negative = V{} - v;
      top = max(top, max(v, negative));
      zero += v * 0.0f;
    }
    const float most = maximum(top), step = most > 0 ? 127.0f / most : 0.0f, scale = most / 127.0f + sum(zero);
    std::int32_t halves[2];
    for (I half = 0; half < 2; ++half) {
      IV all = {};
      for (I i = b + half * 16; i < b + half * 16 + 16; i += kW) {
        const V rounded = load(x + i) * step + magic;  // the integer sits in the low bits
        const IV v = (IV)rounded - (IV)magic;
        all += v;
        const SV bytes = __builtin_convertvector(v, SV);
        __builtin_memcpy(to.q + i, &bytes, sizeof bytes);
      }
      std::int32_t s = 0;
      for (int i = 0; i < kW; ++i) s += all[i];
      halves[half] = s;
      to.offsets[b / 16 + half] = -32 * s;
    }
    to.scales[b / kBlockWeights] = scale;
    to.sums[b / kBlockWeights] = -scale * static_cast<float>(halves[0] + halves[1]);
  }
}
void quantise_row(const void* x, bool bf16, I k, const QuantisedRow& to) {
  if (bf16)
    quantise_row_of(static_cast<const Bf16*>(x), k, to);
  else
    quantise_row_of(static_cast<const float*>(x), k, to);
}

}  // namespace
}  // namespace rm::ops::cpu::RM_ISA
