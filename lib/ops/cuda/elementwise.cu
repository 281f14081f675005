#include <cuda_bf16.h>

#include "lib/ops/cuda/kernels.h"

namespace rm::ops::cuda {
namespace {

constexpr int kThreads = 256;

__device__ inline float load(const float* p) { return *p; }
__device__ inline float load(const __nv_bfloat16* p) { return __bfloat162float(*p); }
__device__ inline void store(float* p, float x) { *p = x; }
__device__ inline void store(__nv_bfloat16* p, float x) { *p = __float2bfloat16_rn(x); }

__device__ inline float warp_sum(float x) {
  for (int d = 16; d > 0; d /= 2) x += __shfl_xor_sync(0xffffffffu, x, d);
  return x;
}

template <class E>
__global__ void rms_norm_kernel(const float* x, const float* w, int width, float eps, E* out) {
  __shared__ float sums[kThreads / 32];
  const std::int64_t row = blockIdx.x;
  x += row * width;
  out += row * width;
  float sum = 0;
  for (int i = threadIdx.x; i < width; i += kThreads) sum += x[i] * x[i];
  sum = warp_sum(sum);
  if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = sum;
  __syncthreads();
  float total = 0;
  for (int i = 0; i < kThreads / 32; ++i) total += sums[i];
  const float inverse = rsqrtf(total / static_cast<float>(width) + eps);
  for (int i = threadIdx.x; i < width; i += kThreads) store(out + i, x[i] * inverse * w[i]);
}

template <class E>
__global__ void swiglu_kernel(const E* gate_up, int width, E* out) {
  const std::int64_t row = blockIdx.y;
  const int i = blockIdx.x * kThreads + threadIdx.x;
  if (i >= width) return;
  const float gate = load(gate_up + row * 2 * width + i), up = load(gate_up + row * 2 * width + width + i);
  store(out + row * width + i, gate / (1.0f + __expf(-gate)) * up);
}

// A warp a row and head: blockIdx.x is the tile, blockIdx.y the head (queries, then keys, then values).
template <class E>
__global__ void rope_kernel(RopeArgs a) {
  const Tile tile = a.tiles[blockIdx.x];
  const int head = blockIdx.y, lane = threadIdx.x, width = a.heads.width, half = width / 2;
  const int query = a.heads.query, kv = a.heads.kv;
  const bool is_q = head < query, is_v = head >= query + kv;
  const float* norm = is_q ? a.q_norm : is_v ? nullptr : a.k_norm;
  for (int r = threadIdx.y; r < tile.count; r += blockDim.y) {
    const std::int64_t row = tile.row + r;
    const float* x = a.qkv + (row * (query + 2 * kv) + head) * width;
    float inverse = 1;
    if (norm) {
      float sum = 0;
      for (int i = lane; i < width; i += 32) sum += x[i] * x[i];
      inverse = rsqrtf(warp_sum(sum) / static_cast<float>(width) + a.eps);
    }
    E* to;
    if (is_q) {
      to = static_cast<E*>(a.q_out) + (row * query + head) * width;
    } else {
      const int position = tile.position + r, kv_head = (head - query) % kv;
      const std::int64_t page = a.pages[tile.pages + position / kPageTokens];
      to = static_cast<E*>(is_v ? a.v : a.k) + ((page * kv + kv_head) * kPageTokens + position % kPageTokens) * width;
    }
    for (int i = lane; i < half; i += 32) {
      float low = x[i], high = x[i + half];
      if (norm) {
        low *= inverse * norm[i];
        high *= inverse * norm[i + half];
      }
      const float c = is_v ? 1.0f : a.cos[row * half + i], s = is_v ? 0.0f : a.sin[row * half + i];
      store(to + i, low * c - high * s);
      store(to + i + half, high * c + low * s);
    }
  }
}

}  // namespace

cudaError_t rms_norm(const float* x, const float* w, int rows, int width, float eps, void* out, bool bf16,
                     cudaStream_t s) {
  if (rows == 0) return cudaSuccess;
  if (bf16) {
    rms_norm_kernel<<<rows, kThreads, 0, s>>>(x, w, width, eps, static_cast<__nv_bfloat16*>(out));
  } else {
    rms_norm_kernel<<<rows, kThreads, 0, s>>>(x, w, width, eps, static_cast<float*>(out));
  }
  return cudaGetLastError();
}

cudaError_t swiglu(const void* gate_up, int rows, int width, void* out, bool bf16, cudaStream_t s) {
  if (rows == 0) return cudaSuccess;
  const dim3 grid((width + kThreads - 1) / kThreads, rows);
  if (bf16) {
    swiglu_kernel<<<grid, kThreads, 0, s>>>(static_cast<const __nv_bfloat16*>(gate_up), width,
                                            static_cast<__nv_bfloat16*>(out));
  } else {
    swiglu_kernel<<<grid, kThreads, 0, s>>>(static_cast<const float*>(gate_up), width, static_cast<float*>(out));
  }
  return cudaGetLastError();
}

cudaError_t rope_and_store(const RopeArgs& a, cudaStream_t s) {
  if (a.tile_count == 0) return cudaSuccess;
  const dim3 grid(a.tile_count, a.heads.query + 2 * a.heads.kv), block(32, 4);
  if (a.bf16) {
    rope_kernel<__nv_bfloat16><<<grid, block, 0, s>>>(a);
  } else {
    rope_kernel<float><<<grid, block, 0, s>>>(a);
  }
  return cudaGetLastError();
}

}  // namespace rm::ops::cuda
