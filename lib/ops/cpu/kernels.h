// The CPU kernels on raw memory, one table an instruction set, chosen when the program runs.
//
// Every table has the same functions with the same results up to rounding. Within one table a row's result depends on
// that row alone: the order of its additions is fixed by constants of the layout, not by how many rows run with it, at
// which place it stands, or on which thread. Batches, chunks and shards therefore never change a bit (design, section 5).
// All memory is the caller's. bf16 is carried as uint16_t; "element" is bf16 or f32, by the `bf16` argument or E.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "lib/ops/cpu/features.h"

namespace rm::ops::cpu {

// A weight matrix [out, in] is stored as panels of kPanel output columns, the last one filled with zeros:
// bf16 [out/kPanel][in/2][kPanel][2], f32 [out/kPanel][in][kPanel].
inline constexpr int kPanel = 64;
// A page of the cache holds kPageTokens positions of one key/value head of width C (a multiple of 16, filled with zeros):
// keys [C/P][kPageTokens][P], values [kPageTokens/P][C][P]; P = 2 for bf16, 1 for f32. Both are panels, so that scores and
// sums over values run the same inner loop as the matrices.
inline constexpr int kPageTokens = 32;
inline constexpr int kKeyBlock = 128;  // positions per step of the online softmax, at absolute boundaries

// Where the results of a panel go.
struct PanelOut {
  float* scratch = nullptr;           // [rows, kPanel]
  const float* bias = nullptr;        // [columns], or null
  void* out = nullptr;                // [rows, columns], row stride ldo
  std::int64_t ldo = 0, columns = 0;  // columns <= kPanel
  bool bf16 = false;                  // of out
};

struct PanelJob {
  const void* a = nullptr;  // [rows, k] elements, row stride lda
  std::int64_t lda = 0, rows = 0, k = 0;
  const void* panel = nullptr;
  PanelOut to;
};

// Quantised matrices: w = factor * (scale * q - minimum), q of 4 or 8 bits, scale and minimum halves for blocks of 32 weights,
// factor a power of two for each output, chosen so that the halves neither overflow nor lose digits. A panel of kPanel
// outputs is kPanel factors (f32) and then its blocks, one after the other along k; a block is its weights, kPanel scales
// and kPanel minimums. Weights lie in groups of four along k for all outputs: [8][kPanel][4] bytes; with 4 bits the low
// halves of [4][kPanel][4] bytes are groups 0, 2, 4, 6 and the high halves 1, 3, 5, 7.
// With 6 bits w = factor * scale * (q - 32), with a scale for each 16. A block is two halves of 16 weights, each in the order of its
// use: the high 2 bits of all four groups in [kPanel][4] bytes, the first group's lowest; the low 4 bits in [2][kPanel][4]
// bytes, groups 0 and 2 in the low halves; kPanel scales.
inline constexpr std::int64_t kBlockWeights = 32;
inline constexpr std::int64_t kHalfBytes6 = 3 * kPanel * 4 + 2 * kPanel;
constexpr std::int64_t block_bytes(int bits) { return kBlockWeights * kPanel * bits / 8 + 4 * kPanel; }
inline constexpr std::int64_t kChunk =
    256;  // of a panel's weights along k that are used while they are in the first cache

struct QuantisedRows {
  const std::int8_t* q = nullptr;         // [rows, k]
  const float* scales = nullptr;          // [rows, k / kBlockWeights]: activations are rounded to 127 steps of this
  const float* sums = nullptr;            // [rows, k / kBlockWeights]: of q, times scale, negative
  const std::int32_t* offsets = nullptr;  // [rows, k / 16]: -32 times the sum of q
};

// Where one row goes: QuantisedRows' fields.
struct QuantisedRow {
  std::int8_t* q = nullptr;
  float *scales = nullptr, *sums = nullptr;
  std::int32_t* offsets = nullptr;
};

struct QuantisedJob {
  QuantisedRows a;                   // for tables with a quantise_row
  const std::uint16_t* x = nullptr;  // [rows, k] in bf16, for those without
  std::int64_t rows = 0, k = 0;      // k a multiple of kBlockWeights
  const void* panel = nullptr;
  int bits = 4;  // 4, 6 or 8
  PanelOut to;
};

// Consecutive queries of one sequence. `q` and `out` are those of the first query's first head.
struct AttendPart {
  const void* q = nullptr;  // [positions] x AttendJob::stride; heads of the group one after the other, width head_dim
  void* out = nullptr;      // like q
  std::int64_t first = 0, positions = 0;  // absolute position of the first query
  const std::int32_t* pages = nullptr;    // of the sequence, from position 0
  std::int64_t row = 0;                   // rows (queries x group) of the parts before this one
};

// Attention of some parts for the `group` query heads of one key/value head. Parts that begin with the same pages stand side
// by side: their common blocks are read once.
struct AttendJob {
  const AttendPart* parts = nullptr;
  std::int64_t count = 0;
  std::int64_t stride = 0;  // elements from one query to the next
  std::int64_t group = 1, head_dim = 0, padded_dim = 0;
  const void *k = nullptr, *v = nullptr;  // page 0 of this head
  std::int64_t page_stride = 0;           // elements from one page to the next
  float scale = 1;
  void* scratch = nullptr;  // attend_scratch() bytes for the rows of all parts, 64-byte aligned
};
inline std::int64_t attend_scratch(std::int64_t rows, std::int64_t padded_dim) {
  return rows * (padded_dim * 4 + padded_dim * 4 + kKeyBlock * 8 + 64) + 256;
}

// One token of q, k and v: optional head norms, rotation by halves, and the store into the cache.
struct RopeJob {
  const float* qkv = nullptr;  // [heads + 2 kv_heads, head_dim]
  std::int64_t heads = 0, kv_heads = 0, head_dim = 0, padded_dim = 0;
  const float *cos = nullptr, *sin = nullptr;        // [head_dim / 2]
  const float *q_norm = nullptr, *k_norm = nullptr;  // [head_dim], or null
  float eps = 0;
  void* q_out = nullptr;                      // [heads, head_dim] elements
  void *k_page = nullptr, *v_page = nullptr;  // the token's page, head 0
  std::int64_t head_stride = 0;               // elements from one head of a page to the next
  std::int64_t slot = 0;                      // place in the page
};

struct KernelTable {
  const char* name = "";  // "scalar", "avx2", "avx512", "avx512-vnni", "avx512-bf16", "amx"
  bool (*usable)(const CpuFeatures&) = nullptr;
  void (*panel_bf16)(const PanelJob&) = nullptr;
  void (*panel_f32)(const PanelJob&) = nullptr;
  // `count` rows of a row-major matrix, of `words` 32-bit words each, as one panel; the rest of its columns become 0.
  void (*lay_panel)(const std::uint32_t* rows, std::int64_t words, std::int64_t count, std::uint32_t* panel) = nullptr;
  void (*panel_quantised)(const QuantisedJob&) = nullptr;
  // One row of k activations, bf16 or f32. Null: panel_quantised takes the activations in bf16.
  void (*quantise_row)(const void* x, bool bf16, std::int64_t k, const QuantisedRow& to) = nullptr;
  void (*attend_bf16)(const AttendJob&) = nullptr;
  void (*attend_f32)(const AttendJob&) = nullptr;
  void (*rope_bf16)(const RopeJob&) = nullptr;
  void (*rope_f32)(const RopeJob&) = nullptr;
  void (*rms_norm)(const float* x, const float* w, std::int64_t n, float eps, void* out, bool bf16) = nullptr;
  // out[i] = silu(gate[i]) * up[i]; all of the same type.
  void (*swiglu)(const void* gate, const void* up, std::int64_t n, void* out, bool bf16) = nullptr;
};

extern const KernelTable kScalar;
#if defined(__x86_64__)
extern const KernelTable kAvx2, kAvx512, kAvx512Vnni, kAvx512Bf16, kAmx;
#endif

std::vector<const KernelTable*> usable_tables(const CpuFeatures& features);  // best first; the last is kScalar
std::vector<const KernelTable*> usable_tables();                             // on this machine

}  // namespace rm::ops::cpu
