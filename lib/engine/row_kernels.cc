#include "lib/engine/row_kernels.h"

#include <limits>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define RM_CLONES __attribute__((target_clones("avx512f", "avx2", "default"), optimize("O3")))
#else
#define RM_CLONES
#endif

namespace rm::engine {
namespace {
constexpr std::size_t kLanes = 16;
}

RM_CLONES float row_max(const float* x, std::size_t n, bool& nan) {
  float best[kLanes];
  std::int32_t bad[kLanes] = {};
  for (float& b : best) b = -std::numeric_limits<float>::infinity();
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t j = 0; j < kLanes; ++j) {
      best[j] = x[i + j] > best[j] ? x[i + j] : best[j];
      bad[j] |= x[i + j] != x[i + j];
    }
  }
  for (; i < n; ++i) {
    best[0] = x[i] > best[0] ? x[i] : best[0];
    bad[0] |= x[i] != x[i];
  }
  nan = false;
  float max = best[0];
  for (std::size_t j = 0; j < kLanes; ++j) {
    max = best[j] > max ? best[j] : max;
    nan = nan || bad[j] != 0;
  }
  return max;
}

RM_CLONES float sum_exp(const float* x, std::size_t n, float max, float scale) {
  float sum[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t j = 0; j < kLanes; ++j) sum[j] += fast_exp((x[i + j] - max) * scale);
  }
  for (; i < n; ++i) sum[0] += fast_exp((x[i] - max) * scale);
  float total = 0;
  for (const float s : sum) total += s;
  return total;
}

}  // namespace rm::engine
