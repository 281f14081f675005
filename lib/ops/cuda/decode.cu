// Attention of one query row over a paged context, for replies. The context is cut into splits of kSplit positions, a
// block each, so that a few long sequences fill the device too; a second kernel merges the splits in order.
// Online softmax over splits: Milakov and Gimelshein, arXiv:1805.02867; splitting the context: Flash-Decoding
// (Dao, Haziza, Massa, Sizov, 2023).
#include <cuda_bf16.h>
#include <math_constants.h>

#include "lib/ops/cuda/kernels.h"

namespace rm::ops::cuda {
namespace {

constexpr int kThreads = 128;

// 8 elements of bf16 dotted with 8 floats.
__device__ inline float dot8(const uint4& k, const float* q) {
  const auto* pairs = reinterpret_cast<const __nv_bfloat162*>(&k);
  float sum = 0;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 f = __bfloat1622float2(pairs[i]);
    sum += f.x * q[2 * i] + f.y * q[2 * i + 1];
  }
  return sum;
}

// blockIdx: x split, y key/value head, z tile.
template <int C>
__global__ void __launch_bounds__(kThreads) decode_kernel(AttendArgs a) {
  const Tile tile = a.tiles[blockIdx.z];
  const int length = tile.position + 1, begin = blockIdx.x * kSplit;
  if (begin >= length) return;
  const int n = min(kSplit, length - begin);
  const int kv = a.heads.kv, group = a.heads.query / kv, kv_head = blockIdx.y, first_head = kv_head * group;

  __shared__ float q[kMaxGroup][C];
  __shared__ float p[kMaxGroup][kSplit];
  __shared__ std::int64_t base[kSplit / kPageTokens];  // element where each page's rows of this head begin

  const auto* q_row =
      static_cast<const __nv_bfloat16*>(a.q) + (static_cast<std::int64_t>(tile.row) * a.heads.query + first_head) * C;
  for (int i = threadIdx.x; i < group * C; i += kThreads) q[i / C][i % C] = __bfloat162float(q_row[i]) * a.scale;
  if (static_cast<int>(threadIdx.x) * kPageTokens < n) {
    const std::int64_t page = a.pages[tile.pages + begin / kPageTokens + threadIdx.x];
    base[threadIdx.x] = (page * kv + kv_head) * kPageTokens * C;
  }
  __syncthreads();

  // Scores: a thread a position.
  const auto* keys = static_cast<const __nv_bfloat16*>(a.k);
  for (int i = threadIdx.x; i < n; i += kThreads) {
    const auto* row = reinterpret_cast<const uint4*>(keys + base[i / kPageTokens] + (i % kPageTokens) * C);
    float score[kMaxGroup] = {};
    for (int c = 0; c < C / 8; ++c) {
      const uint4 piece = row[c];
#pragma unroll
      for (int g = 0; g < kMaxGroup; ++g) {
        if (g < group) score[g] += dot8(piece, &q[g][c * 8]);
      }
    }
#pragma unroll
    for (int g = 0; g < kMaxGroup; ++g) {
      if (g < group) p[g][i] = score[g];
    }
  }
  __syncthreads();

  // Softmax of the split: a warp a head.
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  for (int g = warp; g < group; g += kThreads / 32) {
    float m = -CUDART_INF_F, sum = 0;
    for (int i = lane; i < n; i += 32) m = fmaxf(m, p[g][i]);
    for (int d = 16; d > 0; d /= 2) m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, d));
    for (int i = lane; i < n; i += 32) {
      p[g][i] = __expf(p[g][i] - m);
      sum += p[g][i];
    }
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (lane == 0) {
      float* ml =
          a.part_ml +
          ((static_cast<std::int64_t>(blockIdx.z) * a.heads.query + first_head + g) * a.splits + blockIdx.x) * 2;
      ml[0] = m;
      ml[1] = sum;
    }
  }
  __syncthreads();

  // Sum over values: a thread two columns, the positions dealt to kParts groups of threads.
  constexpr int kColumnThreads = C / 2, kParts = kThreads / kColumnThreads;
  const int column = threadIdx.x % kColumnThreads * 2, part = threadIdx.x / kColumnThreads;
  const auto* values = static_cast<const __nv_bfloat16*>(a.v);
  float2 acc[kMaxGroup] = {};
  for (int i = part; i < n; i += kParts) {
    const float2 v = __bfloat1622float2(
        *reinterpret_cast<const __nv_bfloat162*>(values + base[i / kPageTokens] + (i % kPageTokens) * C + column));
#pragma unroll
    for (int g = 0; g < kMaxGroup; ++g) {
      if (g < group) {
        acc[g].x += p[g][i] * v.x;
        acc[g].y += p[g][i] * v.y;
      }
    }
  }
  // The parts are added in order; q is no longer needed and takes them one after the other.
  for (int turn = 0; turn < kParts; ++turn) {
    __syncthreads();
    if (part == turn) {
#pragma unroll
      for (int g = 0; g < kMaxGroup; ++g) {
        if (g < group) {
          q[g][column] = turn == 0 ? acc[g].x : q[g][column] + acc[g].x;
          q[g][column + 1] = turn == 0 ? acc[g].y : q[g][column + 1] + acc[g].y;
        }
      }
    }
  }
  __syncthreads();
  for (int i = threadIdx.x; i < group * C; i += kThreads) {
    const std::int64_t head = static_cast<std::int64_t>(blockIdx.z) * a.heads.query + first_head + i / C;
    a.part[(head * a.splits + blockIdx.x) * C + i % C] = q[i / C][i % C];
  }
}

// blockIdx: x query head, y tile; a thread a column.
template <int C>
__global__ void merge_kernel(AttendArgs a) {
  const Tile tile = a.tiles[blockIdx.y];
  const int used = tile.position / kSplit + 1, c = threadIdx.x;
  const std::int64_t head = static_cast<std::int64_t>(blockIdx.y) * a.heads.query + blockIdx.x;
  const float* ml = a.part_ml + head * a.splits * 2;
  const float* part = a.part + head * a.splits * C;
  float m = -CUDART_INF_F, sum = 0, out = 0;
  for (int i = 0; i < used; ++i) m = fmaxf(m, ml[2 * i]);
  for (int i = 0; i < used; ++i) {
    const float weight = __expf(ml[2 * i] - m);
    sum += weight * ml[2 * i + 1];
    out += weight * part[i * C + c];
  }
  auto* to =
      static_cast<__nv_bfloat16*>(a.out) + (static_cast<std::int64_t>(tile.row) * a.heads.query + blockIdx.x) * C;
  to[c] = __float2bfloat16_rn(out / sum);
}

template <int C>
cudaError_t launch(const AttendArgs& a, cudaStream_t s) {
  decode_kernel<C><<<dim3(a.splits, a.heads.kv, a.tile_count), kThreads, 0, s>>>(a);
  if (const cudaError_t e = cudaGetLastError(); e != cudaSuccess) return e;
  merge_kernel<C><<<dim3(a.heads.query, a.tile_count), C, 0, s>>>(a);
  return cudaGetLastError();
}

}  // namespace

cudaError_t attend_decode(const AttendArgs& a, cudaStream_t s) {
  if (a.tile_count == 0) return cudaSuccess;
  return a.heads.width == 128 ? launch<128>(a, s) : a.heads.width == 64 ? launch<64>(a, s) : cudaErrorInvalidValue;
}

}  // namespace rm::ops::cuda
