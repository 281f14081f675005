// The bodies of kernels.h, compiled once for every instruction set: the including file sets RM_WIDTH (floats in a vector),
// RM_DOT_BF16 and RM_DOT_INT8 (there are dot product instructions of bf16 and of bytes) and RM_ISA (the namespace), and has the target pragma around it.
// No include guard, and no call of an inline library function: one compiled here could be linked into code for older CPUs.
//
// A "word" is 32 bits: two bf16 or one f32. All inner loops are outer products over words: c[r][:] += a[r][i] * b[i][:].

namespace rm::ops::cpu::RM_ISA {
namespace {

using I = std::int64_t;
using Word = std::uint32_t;
using Bf16 = std::uint16_t;
constexpr int kW = RM_WIDTH;
constexpr int kRows = 6;                    // rows of one register tile
constexpr int kVectors = kW == 16 ? 4 : 2;  // vectors of one register tile
constexpr I kBlockWords = 768;              // words of a panel that stay in the second-level cache

typedef float V __attribute__((vector_size(kW * 4)));
typedef Word U __attribute__((vector_size(kW * 4)));
typedef Bf16 H __attribute__((vector_size(kW * 2)));

inline V load(const float* p) {
  V v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
inline U load_words(const Word* p) {
  U v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
inline void store(float* p, V v) { __builtin_memcpy(p, &v, sizeof v); }
inline V splat(float x) { return V{} + x; }
inline U splat_word(Word x) { return U{} + x; }
inline V max(V a, V b) { return a > b ? a : b; }

// Round to nearest even; NaN stays NaN.
inline Word to_bf16_bits(float x) {
  Word b;
  __builtin_memcpy(&b, &x, 4);
  if (x != x) return 0x7fc0;
  return (b + 0x7fff + ((b >> 16) & 1)) >> 16;
}
inline float from_bf16(Bf16 x) {
  const Word b = static_cast<Word>(x) << 16;
  float f;
  __builtin_memcpy(&f, &b, 4);
  return f;
}
inline V load(const Bf16* p) {
  H h;
  __builtin_memcpy(&h, p, sizeof h);
  return (V)(__builtin_convertvector(h, U) << 16);
}
inline void store(Bf16* p, V v) {
  const U b = (U)v;
  U r = (b + 0x7fff + ((b >> 16) & 1)) >> 16;
  r = v != v ? U{} + 0x7fc0 : r;
  const H h = __builtin_convertvector(r, H);
  __builtin_memcpy(p, &h, sizeof h);
}
inline void store_one(Bf16* p, float x) { *p = static_cast<Bf16>(to_bf16_bits(x)); }
inline void store_one(float* p, float x) { *p = x; }
inline float load_one(const Bf16* p) { return from_bf16(*p); }
inline float load_one(const float* p) { return *p; }

inline float sum(V v) {
  float s = 0;
  for (int i = 0; i < kW; ++i) s += v[i];
  return s;
}
inline float maximum(V v) {
  float m = v[0];
  for (int i = 1; i < kW; ++i) m = v[i] > m ? v[i] : m;
  return m;
}

// e^x within 2 ulp; 0 below -87.3 (so for -inf), exactly 1 at 0. Range reduction and polynomial: Cephes' expf.
inline V exp(V x) {
  const V low = splat(-87.3f), high = splat(88.3f);
  const V z = x > high ? high : (x > low ? x : low);
  const V magic = splat(12582912.0f);
  const V n = (z * 1.44269504088896341f + magic) - magic;
  const V r = (z - n * 0.693359375f) - n * -2.12194440e-4f;
  V p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const U bits = (U)(n + magic) << 23;  // the integer n sits in the low bits of n + magic
  const V y = (V)((U)p + bits);
  return x > low ? y : (x == x ? V{} : x);
}

template <bool kF32>
inline V dot(V acc, U a, U b) {
  if constexpr (kF32) {
    return acc + (V)a * (V)b;
  } else {
#if RM_DOT_BF16
    return (V)_mm512_dpbf16_ps((__m512)acc, (__m512bh)a, (__m512bh)b);
#else
    acc = acc + (V)(a << 16) * (V)(b << 16);
    return acc + (V)(a & 0xffff0000u) * (V)(b & 0xffff0000u);
#endif
  }
}

struct Operands {
  const Word* a;
  I lda;
  const Word* b;
  I ldb, k;
  float* c;
  I ldc;
  bool add;
  const char* ahead;  // memory wanted next; one line of it is asked for per word, or null
};

template <bool kF32, int kR, int kN>
void tile(const Operands& o) {
  V acc[kR][kN];
#pragma GCC unroll 8
  for (int r = 0; r < kR; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < kN; ++v) acc[r][v] = o.add ? load(o.c + r * o.ldc + v * kW) : V{};
  const Word* b = o.b;
  const Word* a = o.a;
  const I lda = o.lda;
  const char* ahead = o.ahead ? o.ahead : reinterpret_cast<const char*>(o.b);
  const I step = o.ahead ? 64 : 0;
  for (I i = 0; i < o.k; ++i, b += o.ldb, ++a, ahead += step) {
    __builtin_prefetch(ahead, 0, 2);
    U bv[kN];
#pragma GCC unroll 8
    for (int v = 0; v < kN; ++v) bv[v] = load_words(b + v * kW);
#pragma GCC unroll 8
    for (int r = 0; r < kR; ++r) {
      const U x = splat_word(a[r * lda]);
#pragma GCC unroll 8
      for (int v = 0; v < kN; ++v) acc[r][v] = dot<kF32>(acc[r][v], x, bv[v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kR; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < kN; ++v) store(o.c + r * o.ldc + v * kW, acc[r][v]);
}

template <bool kF32, int kN>
void tile_rows(int rows, const Operands& o) {
  switch (rows) {
    case 1:
      return tile<kF32, 1, kN>(o);
    case 2:
      return tile<kF32, 2, kN>(o);
    case 3:
      return tile<kF32, 3, kN>(o);
    case 4:
      return tile<kF32, 4, kN>(o);
    case 5:
      return tile<kF32, 5, kN>(o);
    default:
      return tile<kF32, 6, kN>(o);
  }
}

// c[rows, columns] (+)= a[rows, k words] * b[k words, columns]; columns a multiple of 16. Rows are spread evenly over tiles.
template <bool kF32>
void multiply(I rows, I columns, Operands o) {
  const I tiles = (rows + kRows - 1) / kRows;
  const char* ahead = o.ahead;
  for (I column = 0; column < columns;) {
    const I vectors = (columns - column) / kW;
    const int take = vectors >= kVectors ? kVectors : (vectors >= 2 ? 2 : 1);
    I row = 0;
    for (I t = 0; t < tiles; ++t) {
      const I count = rows / tiles + (t < rows % tiles);
      Operands p = o;
      p.a += row * o.lda;
      p.b += column;
      p.c += row * o.ldc + column;
      p.ahead = ahead && t < 4 && column == 0 ? ahead + t * o.k * 64 : nullptr;
      if (take == kVectors)
        tile_rows<kF32, kVectors>(static_cast<int>(count), p);
      else if (take == 2)
        tile_rows<kF32, 2>(static_cast<int>(count), p);
      else
        tile_rows<kF32, 1>(static_cast<int>(count), p);
      row += count;
    }
    column += take * kW;
  }
}

// a * b + c, rounded once where the instruction set can: said outright, for compilers choose by the shape of a tile.
inline V fused(V a, V b, V c) {
#if RM_WIDTH == 16
  return (V)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif RM_WIDTH == 8
  return (V)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}

// The sums in scratch, times the factor of their column where there are factors, plus its bias.
template <bool kFactors, class E>
void write_panel_as(I rows, const PanelOut& to, const float* factor) {
  for (I r = 0; r < rows; ++r) {
    const float* c = to.scratch + r * kPanel;
    E* out = static_cast<E*>(to.out) + r * to.ldo;
    I i = 0;
    for (; i + kW <= to.columns; i += kW) {
      if constexpr (kFactors)
        store(out + i, fused(load(c + i), load(factor + i), to.bias ? load(to.bias + i) : V{}));
      else
        store(out + i, to.bias ? load(c + i) + load(to.bias + i) : load(c + i));
    }
    for (; i < to.columns; ++i) {
      const float y = kFactors ? c[i] * factor[i] : c[i];
      store_one(out + i, to.bias ? y + to.bias[i] : y);
    }
  }
}
template <bool kFactors>
void write_panel(I rows, const PanelOut& to, const float* factor) {
  to.bf16 ? write_panel_as<kFactors, Bf16>(rows, to, factor) : write_panel_as<kFactors, float>(rows, to, factor);
}

template <bool kF32>
void panel(const PanelJob& j) {
  constexpr I kPack = kF32 ? 1 : 2;
  const I words = j.k / kPack;
  const Word* a = static_cast<const Word*>(j.a);
  const Word* b = static_cast<const Word*>(j.panel);
  for (I w = 0; w < words; w += kBlockWords) {
    const I k = words - w < kBlockWords ? words - w : kBlockWords;
    const char* ahead = j.rows > kRows ? reinterpret_cast<const char*>(b + (w + k) * kPanel) : nullptr;
    multiply<kF32>(j.rows, kPanel,
                   {a + w, j.lda / kPack, b + w * kPanel, kPanel, k, j.to.scratch, kPanel, w > 0, ahead});
  }
  write_panel<false>(j.rows, j.to, nullptr);
}

// kStep apart: (a, b) become the even and the odd blocks of kStep words of both. Done for every kStep over kW vectors, that
// is their transposition (Eklundh's).
template <int kStep, std::size_t... kAt>
inline void swap_blocks(U& a, U& b, std::index_sequence<kAt...>) {
  const U low = __builtin_shufflevector(a, b, (kAt & kStep ? kW + kAt - kStep : kAt)...);
  b = __builtin_shufflevector(a, b, (kAt & kStep ? kW + kAt : kAt + kStep)...);
  a = low;
}
template <int kStep>
inline void transpose(U (&v)[kW]) {
  if constexpr (kStep > 0) {
#pragma GCC unroll 16
    for (int i = 0; i < kW; ++i)
      if (!(i & kStep)) swap_blocks<kStep>(v[i], v[i + kStep], std::make_index_sequence<kW>());
    transpose<kStep / 2>(v);
  }
}

// `count` rows of a row-major matrix as a panel, the rest of its columns 0; `words`: of a row.
void lay_panel(const Word* rows, I words, I count, Word* panel) {
  const I square = words / kW * kW, vectors = count / kW * kW;
  for (I w = 0; w < square; w += kW) {
    for (I r = 0; r < vectors; r += kW) {
      U v[kW];
#pragma GCC unroll 16
      for (int i = 0; i < kW; ++i) v[i] = load_words(rows + (r + i) * words + w);
      transpose<kW / 2>(v);
#pragma GCC unroll 16
      for (int i = 0; i < kW; ++i) __builtin_memcpy(panel + (w + i) * kPanel + r, &v[i], sizeof v[i]);
    }
    for (I r = vectors; r < count; ++r)
      for (I i = w; i < w + kW; ++i) panel[i * kPanel + r] = rows[r * words + i];
  }
  for (I w = square; w < words; ++w)
    for (I r = 0; r < count; ++r) panel[w * kPanel + r] = rows[r * words + w];
  if (count == kPanel) return;
  for (I w = 0; w < words; ++w)
    for (I r = count; r < kPanel; ++r) panel[w * kPanel + r] = 0;
}

inline void rotate(const float* x, const float* norm, float eps, const float* cos, const float* sin, I n, float* y) {
  float inverse = 1;
  if (norm) {
    float s = 0;
    for (I i = 0; i < n; ++i) s += x[i] * x[i];
    inverse = 1.0f / __builtin_sqrtf(s / static_cast<float>(n) + eps);
  }
  const I half = n / 2;
  for (I i = 0; i < half; ++i) {
    const float a = norm ? x[i] * inverse * norm[i] : x[i];
    const float b = norm ? x[i + half] * inverse * norm[i + half] : x[i + half];
    y[i] = a * cos[i] - b * sin[i];
    y[i + half] = b * cos[i] + a * sin[i];
  }
}

template <bool kF32, class E>
void rope(const RopeJob& j) {
  constexpr I kPack = kF32 ? 1 : 2;
  const I C = j.head_dim;
  float turned[1024];
  for (I h = 0; h < j.heads; ++h) {
    rotate(j.qkv + h * C, j.q_norm, j.eps, j.cos, j.sin, C, turned);
    for (I i = 0; i < C; ++i) store_one(static_cast<E*>(j.q_out) + h * C + i, turned[i]);
  }
  for (I h = 0; h < j.kv_heads; ++h) {
    rotate(j.qkv + (j.heads + h) * C, j.k_norm, j.eps, j.cos, j.sin, C, turned);
    E* k = static_cast<E*>(j.k_page) + h * j.head_stride;
    for (I i = 0; i < C; ++i) store_one(k + (i / kPack * kPageTokens + j.slot) * kPack + i % kPack, turned[i]);
    const float* value = j.qkv + (j.heads + j.kv_heads + h) * C;
    E* v = static_cast<E*>(j.v_page) + h * j.head_stride + j.slot / kPack * j.padded_dim * kPack + j.slot % kPack;
    for (I i = 0; i < C; ++i) store_one(v + i * kPack, value[i]);
  }
}

void rms_norm(const float* x, const float* w, I n, float eps, void* out, bool bf16) {
  V s[4] = {};
  I i = 0;
  for (; i + 4 * kW <= n; i += 4 * kW)
    for (int u = 0; u < 4; ++u) {
      const V v = load(x + i + u * kW);
      s[u] += v * v;
    }
  float total = sum((s[0] + s[1]) + (s[2] + s[3]));
  for (; i < n; ++i) total += x[i] * x[i];
  const float inverse = 1.0f / __builtin_sqrtf(total / static_cast<float>(n) + eps);
  for (i = 0; i + kW <= n; i += kW) {
    const V y = load(x + i) * inverse * load(w + i);
    if (bf16)
      store(static_cast<Bf16*>(out) + i, y);
    else
      store(static_cast<float*>(out) + i, y);
  }
  for (; i < n; ++i) {
    const float y = x[i] * inverse * w[i];
    if (bf16)
      store_one(static_cast<Bf16*>(out) + i, y);
    else
      store_one(static_cast<float*>(out) + i, y);
  }
}

template <class E>
void swiglu_of(const E* gate, const E* up, I n, E* out) {
  I i = 0;
  for (; i + kW <= n; i += kW) {
    const V g = load(gate + i);
    store(out + i, g / (exp(-g) + 1.0f) * load(up + i));
  }
  for (; i < n; ++i) {
    const float g = load_one(gate + i);
    const float e = exp(splat(-g))[0];
    store_one(out + i, g / (e + 1.0f) * load_one(up + i));
  }
}
void swiglu(const void* gate, const void* up, I n, void* out, bool bf16) {
  if (bf16)
    swiglu_of(static_cast<const Bf16*>(gate), static_cast<const Bf16*>(up), n, static_cast<Bf16*>(out));
  else
    swiglu_of(static_cast<const float*>(gate), static_cast<const float*>(up), n, static_cast<float*>(out));
}

}  // namespace
}  // namespace rm::ops::cpu::RM_ISA

#include "lib/ops/cpu/attention_body.h"
#include "lib/ops/cpu/quantised_body.h"

namespace rm::ops::cpu::RM_ISA {
namespace {

constexpr KernelTable table(const char* name, bool (*usable)(const CpuFeatures&)) {
  return {name,
          usable,
          panel<false>,
          panel<true>,
          lay_panel,
          panel_quantised,
          quantise_row,
          attend<false, Bf16>,
          attend<true, float>,
          rope<false, Bf16>,
          rope<true, float>,
          rms_norm,
          swiglu};
}

}  // namespace
}  // namespace rm::ops::cpu::RM_ISA
