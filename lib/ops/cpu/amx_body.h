// Matrices on a tile unit: bf16 activations times bf16 panels, or times quantised panels brought to bf16 block by block.
// Included in place of kernels_body.h, with the same macros set; whatever is not a matrix is that file's. `Tiles` is the unit
// (tiles.h), or a model of it.
//
// A panel's bf16 layout is a tile's: a row of a tile of weights is a pair of k for 16 outputs. Sums stay f32 over all of k, so
// activations need no scales of their own and are not rounded to 8 bits: with integers the scaling of every 32 products would
// cost several times what the tiles take. Every sum is made in the order of k, whichever tile it lies in and however many
// rows lie beside it. The unit takes denormal numbers as 0.
//
// The unit belongs to a panel while that is computed: configured at its first rows, released at its end. A thread that kept it
// would have its 8 KB saved at every switch, and would have to trust other libraries not to use it.

#include "lib/ops/cpu/kernels_body.h"

namespace rm::ops::cpu::RM_ISA {
namespace {

constexpr I kTileRows = 16;
constexpr I kTileK = 32;             // along k, in a tile of activations or weights
constexpr I kRowBytes = kPanel * 4;  // of a panel's pair of k, and of a row of sums
constexpr I kSpan = 1024;            // of a bf16 panel along k that all rows use while it is in the second-level cache

// c[rows, kPanel] (+)= a[rows, k] * b[k, kPanel]; k a multiple of kTileK, b a bf16 panel.
struct TileJob {
  const Bf16* a;
  I lda;
  const Bf16* b;
  I k;
  float* c;
  bool add;
};

// Up to 32 rows at once: tiles 0 to 3 are sums, 4 and 5 activations, 6 and 7 weights. Rows that are not there take no part.
inline TileConfig tile_config(I rows) {
  const I upper = rows < kTileRows ? rows : kTileRows, lower = rows - upper;
  TileConfig c = {};
  c.palette = 1;
  for (int t = 0; t < 8; ++t) {
    const bool second = lower > 0 && (t == 2 || t == 3 || t == 5);
    c.rows[t] = static_cast<std::uint8_t>(t >= 6 ? kTileRows : second ? lower : upper);
    c.row_bytes[t] = 64;
  }
  return c;
}

// The four tiles of sums; where the others lie is counted from the first, in floats.
template <class Tiles>
inline void begin_sums(const float* c, I second, I third, I fourth, bool add) {
  if (!add) {
    Tiles::template zero<0>();
    Tiles::template zero<1>();
    Tiles::template zero<2>();
    Tiles::template zero<3>();
    return;
  }
  Tiles::template load<0>(c, kRowBytes);
  Tiles::template load<1>(c + second, kRowBytes);
  Tiles::template load<2>(c + third, kRowBytes);
  Tiles::template load<3>(c + fourth, kRowBytes);
}
template <class Tiles>
inline void end_sums(float* c, I second, I third, I fourth) {
  Tiles::template store<0>(c, kRowBytes);
  Tiles::template store<1>(c + second, kRowBytes);
  Tiles::template store<2>(c + third, kRowBytes);
  Tiles::template store<3>(c + fourth, kRowBytes);
}

// 17 to 32 rows: two tiles of them by two of columns, twice.
template <class Tiles>
void tiles_2x2(const TileJob& j) {
  constexpr I kDown = kTileRows * kPanel;
  for (I column = 0; column < kPanel; column += 2 * kTileRows) {
    float* c = j.c + column;
    begin_sums<Tiles>(c, kTileRows, kDown, kDown + kTileRows, j.add);
    const Bf16 *a = j.a, *b = j.b + 2 * column;
    for (I k = 0; k < j.k; k += kTileK, a += kTileK, b += kTileK * kPanel) {
      Tiles::template load<4>(a, j.lda * 2);
      Tiles::template load<6>(b, kRowBytes);
      Tiles::template dot_bf16<0, 4, 6>();
      Tiles::template load<7>(b + 2 * kTileRows, kRowBytes);
      Tiles::template dot_bf16<1, 4, 7>();
      Tiles::template load<5>(a + kTileRows * j.lda, j.lda * 2);
      Tiles::template dot_bf16<2, 5, 6>();
      Tiles::template dot_bf16<3, 5, 7>();
    }
    end_sums<Tiles>(c, kTileRows, kDown, kDown + kTileRows);
  }
}

// 1 to 16 rows: one tile of them by all four of columns.
template <class Tiles>
void tiles_1x4(const TileJob& j) {
  begin_sums<Tiles>(j.c, kTileRows, 2 * kTileRows, 3 * kTileRows, j.add);
  const Bf16 *a = j.a, *b = j.b;
  for (I k = 0; k < j.k; k += kTileK, a += kTileK, b += kTileK * kPanel) {
    Tiles::template load<4>(a, j.lda * 2);
    Tiles::template load<6>(b, kRowBytes);
    Tiles::template dot_bf16<0, 4, 6>();
    Tiles::template load<7>(b + 2 * kTileRows, kRowBytes);
    Tiles::template dot_bf16<1, 4, 7>();
    Tiles::template load<6>(b + 4 * kTileRows, kRowBytes);
    Tiles::template dot_bf16<2, 4, 6>();
    Tiles::template load<7>(b + 6 * kTileRows, kRowBytes);
    Tiles::template dot_bf16<3, 4, 7>();
  }
  end_sums<Tiles>(j.c, kTileRows, 2 * kTileRows, 3 * kTileRows);
}

// All rows, 32 at a time. `configured` is the number of rows that the unit is configured for, 0: none.
template <class Tiles>
void multiply_tiles(I rows, TileJob j, I& configured) {
  for (I row = 0; row < rows; row += 2 * kTileRows) {
    const I count = rows - row < 2 * kTileRows ? rows - row : 2 * kTileRows;
    if (count != configured) Tiles::configure(tile_config(count));
    configured = count;
    count > kTileRows ? tiles_2x2<Tiles>(j) : tiles_1x4<Tiles>(j);
    j.a += count * j.lda;
    j.c += count * kPanel;
  }
}

// The rest of k where it is no multiple of kTileK: copies of activations and weights, filled up with zeros.
template <class Tiles>
void multiply_rest(const PanelJob& j, I from, I& configured) {
  const I k = j.k - from;
  alignas(64) Bf16 weights[kTileK * kPanel] = {}, activations[2 * kTileRows * kTileK] = {};
  __builtin_memcpy(weights, static_cast<const Bf16*>(j.panel) + from * kPanel, k * kPanel * 2);
  for (I row = 0; row < j.rows; row += 2 * kTileRows) {
    const I count = j.rows - row < 2 * kTileRows ? j.rows - row : 2 * kTileRows;
    for (I r = 0; r < count; ++r)
      __builtin_memcpy(activations + r * kTileK, static_cast<const Bf16*>(j.a) + (row + r) * j.lda + from, k * 2);
    multiply_tiles<Tiles>(count, {activations, kTileK, weights, kTileK, j.to.scratch + row * kPanel, from > 0},
                          configured);
  }
}

template <class Tiles>
void tile_panel(const PanelJob& j) {
  const I whole = j.k / kTileK * kTileK;
  I configured = 0;
  for (I from = 0; from < whole; from += kSpan) {
    const I k = whole - from < kSpan ? whole - from : kSpan;
    multiply_tiles<Tiles>(j.rows,
                          {static_cast<const Bf16*>(j.a) + from, j.lda,
                           static_cast<const Bf16*>(j.panel) + from * kPanel, k, j.to.scratch, from > 0},
                          configured);
  }
  if (whole < j.k) multiply_rest<Tiles>(j, whole, configured);
  Tiles::release();
  write_panel<false>(j.rows, j.to, nullptr);
}

// A pair of weights for kW outputs, scale * q + minus rounded to bf16, the first in the low halves. The product is exact in f32
// (11 bits times 8), so there is one rounding before that to bf16 on every instruction set.
inline U weight_pair(U first, U second, V scale, V minus) {
  const V low = fused(scale, __builtin_convertvector((IV)first, V), minus);
  const V high = fused(scale, __builtin_convertvector((IV)second, V), minus);
#if RM_DOT_BF16
  alignas(64) constexpr Word kInterleave[16] = {0x100000, 0x110001, 0x120002, 0x130003, 0x140004, 0x150005,
                                                0x160006, 0x170007, 0x180008, 0x190009, 0x1a000a, 0x1b000b,
                                                0x1c000c, 0x1d000d, 0x1e000e, 0x1f000f};
  const __m512i both = (__m512i)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
  return (U)_mm512_permutexvar_epi16((__m512i)load_words(kInterleave), both);
#else
  const U l = (U)low, h = (U)high;
  return (l + 0x7fff + ((l >> 16) & 1)) >> 16 | ((h + 0x7fff + ((h >> 16) & 1)) & 0xffff0000u);
#endif
}

// A block of a quantised panel without its factors, as a bf16 panel; 4 or 8 bits.
template <int kBits>
void expand(const Byte* block, Word* to) {
  constexpr Word kMask = kBits == 4 ? 15 : 255;
  const auto* halves = reinterpret_cast<const std::uint16_t*>(block + block_bytes(kBits)) - 2 * kPanel;
  for (I column = 0; column < kPanel; column += kW) {
    const V scale = load_halves(halves + column), minus = V{} - load_halves(halves + kPanel + column);
    const auto* words = reinterpret_cast<const Word*>(block) + column;
    Word* pair = to + column;
    for (I i = 0; i < kBlockWeights * kBits / 32; ++i, words += kPanel) {
      U w = load_words(words);
      for (int half = 0; half < 8 / kBits; ++half, w = w >> kBits, pair += 2 * kPanel) {
        const U first = weight_pair(w & kMask, (w >> 8) & kMask, scale, minus);
        const U second = weight_pair((w >> 16) & kMask, (w >> 24) & kMask, scale, minus);
        __builtin_memcpy(pair, &first, sizeof first);
        __builtin_memcpy(pair + kPanel, &second, sizeof second);
      }
    }
  }
}

// The same with 6 bits.
void expand_6(const Byte* block, Word* to) {
  for (I column = 0; column < kPanel; column += kW) {
    for (I g = 0; g < kBlockWeights / 4; ++g) {
      const Byte* half = block + g / 4 * kHalfBytes6;
      const auto* words = reinterpret_cast<const Word*>(half) + column;
      const V scale = load_halves(reinterpret_cast<const std::uint16_t*>(half) + 6 * kPanel + column),
              minus = scale * -32.0f;
      const U high = load_words(words), low = load_words(words + (1 + g % 4 / 2) * kPanel);
      const U w = ((g % 2 == 0 ? low : low >> 4) & 0x0f0f0f0fu) | (((high >> (2 * (g % 4))) & 0x03030303u) << 4);
      const U first = weight_pair(w & 255, (w >> 8) & 255, scale, minus);
      const U second = weight_pair((w >> 16) & 255, w >> 24, scale, minus);
      __builtin_memcpy(to + 2 * g * kPanel + column, &first, sizeof first);
      __builtin_memcpy(to + (2 * g + 1) * kPanel + column, &second, sizeof second);
    }
  }
}

inline void expand_block(int bits, const Byte* block, Word* to) {
  bits == 4 ? expand<4>(block, to) : bits == 6 ? expand_6(block, to) : expand<8>(block, to);
}

template <class Tiles>
void tile_panel_quantised(const QuantisedJob& j) {
  const auto* factor = static_cast<const float*>(j.panel);
  const Byte* block = static_cast<const Byte*>(j.panel) + kPanel * 4;
  alignas(64) Word weights[kChunk / 2 * kPanel];
  I configured = 0;
  for (I from = 0; from < j.k; from += kChunk) {
    const I k = j.k - from < kChunk ? j.k - from : kChunk;
    for (I b = 0; b < k; b += kBlockWeights, block += block_bytes(j.bits))
      expand_block(j.bits, block, weights + b / 2 * kPanel);
    multiply_tiles<Tiles>(j.rows, {j.x + from, j.k, reinterpret_cast<const Bf16*>(weights), k, j.to.scratch, from > 0},
                          configured);
  }
  Tiles::release();
  write_panel<true>(j.rows, j.to, factor);
}

// Everything but these two is the vectors'.
template <class Tiles>
constexpr KernelTable tile_table(const char* name, bool (*usable)(const CpuFeatures&)) {
  KernelTable t = table(name, usable);
  t.panel_bf16 = tile_panel<Tiles>;
  t.panel_quantised = tile_panel_quantised<Tiles>;
  t.quantise_row = nullptr;
  return t;
}

}  // namespace
}  // namespace rm::ops::cpu::RM_ISA
