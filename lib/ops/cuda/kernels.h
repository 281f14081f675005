// The CUDA kernels on raw device memory. No tensors here: .cu files never see ATen.
//
// A step is a list of tiles: up to kTileRows consecutive rows of one sequence. The cache of a layer is
// [pages][kv_heads][kPageTokens][width], keys and values apart. All functions queue work on the stream and return the
// launch's status; nothing waits. Every row's result is a function of that row and its cache alone: splits of the context
// lie at absolute positions and are merged in order, so neither the batch nor the tile changes a bit.
// Element is bf16 where `bf16`, else f32.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace rm::ops::cuda {

inline constexpr int kPageTokens = 32;
inline constexpr int kTileRows = 16;
inline constexpr int kSplit = 256;    // positions a block of the decode kernel reads
inline constexpr int kMaxGroup = 16;  // query heads that share a key/value head

// Rows [row, row + count) of the step are positions [position, position + count) of the sequence whose pages begin at
// `pages` in the list of pages.
struct Tile {
  std::int32_t row = 0, count = 0, position = 0, pages = 0;
};

struct Heads {
  int query = 0, kv = 0, width = 0;
};

// out = x / rms(x) * w, by row.
cudaError_t rms_norm(const float* x, const float* w, int rows, int width, float eps, void* out, bool bf16,
                     cudaStream_t s);
// out = silu(gate) * up; gate_up is [rows][2 * width] of out's type.
cudaError_t swiglu(const void* gate_up, int rows, int width, void* out, bool bf16, cudaStream_t s);

struct RopeArgs {
  const float* qkv = nullptr;                        // [rows][query + 2 kv heads][width]
  const float *cos = nullptr, *sin = nullptr;        // [rows][width / 2]
  const float *q_norm = nullptr, *k_norm = nullptr;  // [width], or null
  float eps = 0;
  Heads heads;
  const Tile* tiles = nullptr;
  int tile_count = 0;
  const std::int32_t* pages = nullptr;
  void *q_out = nullptr, *k = nullptr, *v = nullptr;  // elements
  bool bf16 = true;
};
// Norms (if any) and rotates queries and keys by halves; stores keys and values to their pages.
cudaError_t rope_and_store(const RopeArgs& a, cudaStream_t s);

struct AttendArgs {
  const void* q = nullptr;  // [rows][query heads][width]
  const void *k = nullptr, *v = nullptr;
  Heads heads;
  float scale = 1;
  const Tile* tiles = nullptr;
  int tile_count = 0;
  const std::int32_t* pages = nullptr;
  void* out = nullptr;  // like q
  // Decode only: partial results of the splits, f32.
  int splits = 1;            // of the longest sequence
  float* part = nullptr;     // [tiles][query heads][splits][width]
  float* part_ml = nullptr;  // [tiles][query heads][splits][2]: maximum, sum
};
// bf16; width 64 or 128; at most kMaxGroup query heads a key/value head.
cudaError_t attend_decode(const AttendArgs& a, cudaStream_t s);   // tiles of one row
cudaError_t attend_prefill(const AttendArgs& a, cudaStream_t s);  // tiles of any rows

}  // namespace rm::ops::cuda
