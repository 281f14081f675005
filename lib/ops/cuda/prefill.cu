// Causal attention of a tile of query rows over a paged context, for prompts: a warp a tile and query head, tensor cores
// by the portable matrix fragments, online softmax over pages (FlashAttention-2, arXiv:2307.08691, without its layout).
#include <cuda_bf16.h>
#include <math_constants.h>
#include <mma.h>

#include "lib/ops/cuda/kernels.h"

namespace rm::ops::cuda {
namespace {

using namespace nvcuda;  // wmma

constexpr int kWarps = 4;  // query heads of a block
static_assert(kTileRows == 16 && kPageTokens == 32, "fragments are 16 x 16");

using QueryFragment = wmma::fragment<wmma::matrix_a, 16, 16, 16, __nv_bfloat16, wmma::row_major>;
using KeyFragment = wmma::fragment<wmma::matrix_b, 16, 16, 16, __nv_bfloat16, wmma::col_major>;
using ValueFragment = wmma::fragment<wmma::matrix_b, 16, 16, 16, __nv_bfloat16, wmma::row_major>;
using Sums = wmma::fragment<wmma::accumulator, 16, 16, 16, float>;

template <int C>
struct WarpMemory {
  alignas(32) float out[kTileRows * C];
  alignas(32) float scores[kTileRows * kPageTokens];
  alignas(32) __nv_bfloat16 weights[kTileRows * kPageTokens];
};

// blockIdx: x tile, y block of kWarps query heads. Each warp works alone.
template <int C>
__global__ void __launch_bounds__(kWarps * 32) prefill_kernel(AttendArgs a) {
  extern __shared__ __align__(32) unsigned char memory[];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, head = blockIdx.y * kWarps + warp;
  if (head >= a.heads.query) return;
  WarpMemory<C>& m = reinterpret_cast<WarpMemory<C>*>(memory)[warp];
  const Tile tile = a.tiles[blockIdx.x];
  const int kv_head = head / (a.heads.query / a.heads.kv);

  // The queries, by way of `weights`: rows beyond the tile are zeros.
  QueryFragment q[C / 16];
  const auto* q_rows =
      static_cast<const __nv_bfloat16*>(a.q) + (static_cast<std::int64_t>(tile.row) * a.heads.query + head) * C;
  const std::int64_t q_stride = static_cast<std::int64_t>(a.heads.query) * C;
  for (int c = 0; c < C / 16; ++c) {
    for (int i = lane; i < 256; i += 32) {
      const int r = i / 16;
      m.weights[i] = r < tile.count ? q_rows[r * q_stride + c * 16 + i % 16] : __float2bfloat16_rn(0.0f);
    }
    __syncwarp();
    wmma::load_matrix_sync(q[c], m.weights, 16);
    __syncwarp();
  }
  for (int i = lane; i < kTileRows * C; i += 32) m.out[i] = 0;

  // Lanes 2r and 2r + 1 keep row r's maximum and sum.
  const int row = lane / 2, begin = lane % 2 * (kPageTokens / 2);
  float top = -CUDART_INF_F, sum = 0;
  const int length = tile.position + tile.count;
  for (int first = 0; first < length; first += kPageTokens) {
    const std::int64_t page = a.pages[tile.pages + first / kPageTokens];
    const std::int64_t base = (page * a.heads.kv + kv_head) * kPageTokens * C;
    const auto* keys = static_cast<const __nv_bfloat16*>(a.k) + base;
    const auto* values = static_cast<const __nv_bfloat16*>(a.v) + base;

    for (int n = 0; n < kPageTokens; n += 16) {
      Sums s;
      wmma::fill_fragment(s, 0.0f);
#pragma unroll
      for (int c = 0; c < C / 16; ++c) {
        KeyFragment k;
        wmma::load_matrix_sync(k, keys + n * C + c * 16, C);
        wmma::mma_sync(s, q[c], k, s);
      }
      wmma::store_matrix_sync(m.scores + n, s, kPageTokens, wmma::mem_row_major);
    }
    __syncwarp();

    // Row `row`, columns [begin, begin + 16): a position after the query's own is hidden, as is one not in the cache yet.
    const int last = min(tile.position + row, length - 1) - first;
    float* scores = m.scores + row * kPageTokens + begin;
    float most = top;
    for (int i = 0; i < kPageTokens / 2; ++i) {
      if (begin + i <= last) most = fmaxf(most, scores[i] * a.scale);
    }
    most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, 1));
    const float shrink = __expf(top - most);  // 0 at first: top is -inf, most is not, since position 0 is never hidden
    float added = 0;
    for (int i = 0; i < kPageTokens / 2; ++i) {
      const float w = begin + i <= last ? __expf(scores[i] * a.scale - most) : 0.0f;
      m.weights[row * kPageTokens + begin + i] = __float2bfloat16_rn(w);
      added += w;
    }
    added += __shfl_xor_sync(0xffffffffu, added, 1);
    sum = sum * shrink + added;
    top = most;
    for (int i = lane % 2; i < C; i += 2) m.out[row * C + i] *= shrink;
    __syncwarp();

    // Slots never written are zeros from allocation, so a weight of 0 silences them.
    for (int c = 0; c < C; c += 16) {
      Sums s;
      wmma::load_matrix_sync(s, m.out + c, C, wmma::mem_row_major);
      for (int n = 0; n < kPageTokens; n += 16) {
        wmma::fragment<wmma::matrix_a, 16, 16, 16, __nv_bfloat16, wmma::row_major> w;
        ValueFragment v;
        wmma::load_matrix_sync(w, m.weights + n, kPageTokens);
        wmma::load_matrix_sync(v, values + n * C + c, C);
        wmma::mma_sync(s, w, v, s);
      }
      wmma::store_matrix_sync(m.out + c, s, C, wmma::mem_row_major);
    }
    __syncwarp();
  }

  auto* out = static_cast<__nv_bfloat16*>(a.out) + (static_cast<std::int64_t>(tile.row) * a.heads.query + head) * C;
  if (row < tile.count) {
    for (int i = lane % 2; i < C; i += 2) out[row * q_stride + i] = __float2bfloat16_rn(m.out[row * C + i] / sum);
  }
}

template <int C>
cudaError_t launch(const AttendArgs& a, cudaStream_t s) {
  const dim3 grid(a.tile_count, (a.heads.query + kWarps - 1) / kWarps);
  prefill_kernel<C><<<grid, kWarps * 32, kWarps * sizeof(WarpMemory<C>), s>>>(a);
  return cudaGetLastError();
}

}  // namespace

cudaError_t attend_prefill(const AttendArgs& a, cudaStream_t s) {
  if (a.tile_count == 0) return cudaSuccess;
  return a.heads.width == 128 ? launch<128>(a, s) : a.heads.width == 64 ? launch<64>(a, s) : cudaErrorInvalidValue;
}

}  // namespace rm::ops::cuda
