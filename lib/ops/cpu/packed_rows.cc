#include "lib/ops/cpu/packed_rows.h"

#include <cmath>

#include "lib/base/bf16.h"
#include "lib/ops/cpu/fast_exp.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define RM_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), optimize("O3")))
#else
#define RM_CLONES
#endif
#define RM_INLINE inline __attribute__((always_inline))

namespace rm::ops::cpu {
namespace {

constexpr std::int64_t kLanes = 16;

template <bool kBf16>
RM_INLINE float get(const void* p, std::int64_t i) {
  if constexpr (kBf16) {
    return from_bf16(static_cast<const std::uint16_t*>(p)[i]);
  } else {
    return static_cast<const float*>(p)[i];
  }
}

template <bool kBf16>
RM_INLINE void put(void* p, std::int64_t i, float v) {
  if constexpr (kBf16) {
    static_cast<std::uint16_t*>(p)[i] = to_bf16(v);
  } else {
    static_cast<float*>(p)[i] = v;
  }
}

RM_INLINE float sigmoid(float x) {
  const float e = fast_exp(x > 0 ? -x : x);
  const float d = 1.0f / (1.0f + e);
  return x > 0 ? d : e * d;
}

// Sum over i of f(i), in kLanes partial sums whose order does not depend on the instruction set.
template <class F>
RM_INLINE float sum(std::int64_t n, F f) {
  float part[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (std::int64_t j = 0; j < kLanes; ++j) part[j] += f(i + j);
  for (; i < n; ++i) part[0] += f(i);
  float total = 0;
  for (const float p : part) total += p;
  return total;
}

template <bool kOut>
RM_INLINE void scale_row(const float* x, const float* w, std::int64_t n, float rstd, void* y) {
  for (std::int64_t i = 0; i < n; ++i) put<kOut>(y, i, x[i] * rstd * w[i]);
}

template <bool kIn>
RM_INLINE void norm_backward(const void* dy, const float* x, const float* w, float rstd, std::int64_t n, float* dx,
                             float* dw) {
  const float mean =
      sum(n, [&](std::int64_t i) { return get<kIn>(dy, i) * w[i] * x[i]; }) * rstd / static_cast<float>(n);
  for (std::int64_t i = 0; i < n; ++i) dx[i] = rstd * (get<kIn>(dy, i) * w[i] - x[i] * rstd * mean);
  if (dw == nullptr) return;
  for (std::int64_t i = 0; i < n; ++i) dw[i] += get<kIn>(dy, i) * x[i] * rstd;
}

template <bool kB>
RM_INLINE void swiglu(const void* gate, const void* up, std::int64_t n, void* y) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float g = get<kB>(gate, i);
    put<kB>(y, i, g * sigmoid(g) * get<kB>(up, i));
  }
}

// d silu(g) / dg = s (1 + g (1 - s)), s the sigmoid.
template <bool kB>
RM_INLINE void swiglu_backward(const void* dy, const void* gate, const void* up, std::int64_t n, void* dgate,
                               void* dup) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float g = get<kB>(gate, i), s = sigmoid(g), d = get<kB>(dy, i);
    put<kB>(dgate, i, d * get<kB>(up, i) * s * (1.0f + g * (1.0f - s)));
    put<kB>(dup, i, d * g * s);
  }
}

template <bool kIn, bool kOut>
RM_INLINE void rotate(const void* x, const float* cos, const float* sin, std::int64_t width, float sign, void* y) {
  const std::int64_t half = width / 2;
  for (std::int64_t i = 0; i < half; ++i) {
    const float a = get<kIn>(x, i), b = get<kIn>(x, half + i), s = sin[i] * sign;
    put<kOut>(y, i, a * cos[i] - b * s);
    put<kOut>(y, half + i, b * cos[i] + a * s);
  }
}

RM_INLINE float largest(const float* x, std::int64_t n) {
  float best[kLanes];
  for (float& b : best) b = x[0];
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (std::int64_t j = 0; j < kLanes; ++j) best[j] = x[i + j] > best[j] ? x[i + j] : best[j];
  for (; i < n; ++i) best[0] = x[i] > best[0] ? x[i] : best[0];
  for (const float b : best) best[0] = b > best[0] ? b : best[0];
  return best[0];
}

}  // namespace

RM_CLONES float norm_row(const float* x, const float* w, std::int64_t n, float eps, MutableElements y) {
  const float squares = sum(n, [&](std::int64_t i) { return x[i] * x[i]; });
  const float rstd = 1.0f / std::sqrt(squares / static_cast<float>(n) + eps);
  y.bf16 ? scale_row<true>(x, w, n, rstd, y.data) : scale_row<false>(x, w, n, rstd, y.data);
  return rstd;
}

RM_CLONES void norm_row_backward(Elements dy, const float* x, const float* w, float rstd, std::int64_t n, float* dx,
                                 float* dw) {
  dy.bf16 ? norm_backward<true>(dy.data, x, w, rstd, n, dx, dw) : norm_backward<false>(dy.data, x, w, rstd, n, dx, dw);
}

RM_CLONES void swiglu_row(Elements gate, Elements up, std::int64_t n, MutableElements y) {
  gate.bf16 ? swiglu<true>(gate.data, up.data, n, y.data) : swiglu<false>(gate.data, up.data, n, y.data);
}

RM_CLONES void swiglu_row_backward(Elements dy, Elements gate, Elements up, std::int64_t n, MutableElements dgate,
                                   MutableElements dup) {
  gate.bf16 ? swiglu_backward<true>(dy.data, gate.data, up.data, n, dgate.data, dup.data)
            : swiglu_backward<false>(dy.data, gate.data, up.data, n, dgate.data, dup.data);
}

RM_CLONES void rotate_head(Elements x, const float* cos, const float* sin, std::int64_t width, float sign,
                           MutableElements y) {
  if (x.bf16) {
    y.bf16 ? rotate<true, true>(x.data, cos, sin, width, sign, y.data)
           : rotate<true, false>(x.data, cos, sin, width, sign, y.data);
  } else {
    y.bf16 ? rotate<false, true>(x.data, cos, sin, width, sign, y.data)
           : rotate<false, false>(x.data, cos, sin, width, sign, y.data);
  }
}

RM_CLONES float entropy_row(const float* x, std::int64_t n) {
  const float max = largest(x, n);
  double total = 0, moment = 0;
  for (std::int64_t at = 0; at < n; at += 4096) {
    const float* part = x + at;
    const std::int64_t count = n - at < 4096 ? n - at : 4096;
    total += sum(count, [&](std::int64_t j) { return fast_exp(part[j] - max); });
    moment += sum(count, [&](std::int64_t j) { return fast_exp(part[j] - max) * (part[j] - max); });
  }
  return static_cast<float>(std::log(total) - moment / total);
}

RM_CLONES RowLoss loss_row(float* x, std::int64_t n, std::int64_t target, float weight, bool gradient) {
  const float max = largest(x, n);
  // Sums of 4,096 in f32, above that in f64: a vocabulary is long.
  double total = 0;
  const float aimed = x[target];
  for (std::int64_t at = 0; at < n; at += 4096) {
    float* part = x + at;
    const std::int64_t count = n - at < 4096 ? n - at : 4096;
    if (gradient) {
      for (std::int64_t j = 0; j < count; ++j) part[j] = fast_exp(part[j] - max);
      total += sum(count, [&](std::int64_t j) { return part[j]; });
    } else {
      total += sum(count, [&](std::int64_t j) { return fast_exp(part[j] - max); });
    }
  }
  if (gradient) {
    const auto share = static_cast<float>(weight / total);
    for (std::int64_t j = 0; j < n; ++j) x[j] *= share;
    x[target] -= weight;
  }
  return {static_cast<float>(std::log(total) - (static_cast<double>(aimed) - max)), aimed == max};
}

}  // namespace rm::ops::cpu
