#include "lib/ops/cpu/cpu_backend.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "lib/ops/cpu/choice.h"
#include "lib/ops/cpu/memory.h"
#include "lib/ops/cpu/pool.h"
#include "lib/ops/cpu/quantised.h"

namespace rm::ops::cpu {
Backend& cpu_backend() {
  // Loading a model refuses an RM_ISA that names none (lib/model/load.cc).
  static auto* b = new CpuBackend(chosen_table() ? **chosen_table() : *usable_tables().front());
  return *b;
}

Matrix CpuBackend::make_matrix(std::int64_t out, std::int64_t in, at::ScalarType dtype) {
  TORCH_CHECK(in % pack(dtype) == 0, "a bf16 matrix needs an even number of columns, not ", in);
  Matrix m{out, in, dtype, empty({round_up(out, kPanel) * in}, dtype)};
  if (out % kPanel != 0) {  // the columns of the last panel that nothing will fill
    const std::int64_t panel = kPanel * in * element(dtype);
    std::memset(bytes(m.data) + out / kPanel * panel, 0, panel);
  }
  return m;
}

void CpuBackend::put_rows(Matrix& m, std::int64_t row, std::int64_t count, const float* rows) {
  // A strip of words of several rows at a time: the panel is written in whole cache lines where rows fill it.
  constexpr std::int64_t kStrip = 64;
  const std::int64_t in = m.in;
  for (std::int64_t first = row; first < row + count;) {
    const std::int64_t place = first % kPanel, n = std::min(kPanel - place, row + count - first);
    const float* from = rows + (first - row) * in;
    if (is_bf16(m.dtype)) {
      std::uint16_t* to = reinterpret_cast<std::uint16_t*>(bytes(m.data)) + first / kPanel * kPanel * in;
      for (std::int64_t w0 = 0; w0 < in / 2; w0 += kStrip)
        for (std::int64_t r = 0; r < n; ++r)
          for (std::int64_t w = w0; w < std::min(w0 + kStrip, in / 2); ++w)
            for (int i = 0; i < 2; ++i) to[(w * kPanel + place + r) * 2 + i] = bf16_bits(from[r * in + w * 2 + i]);
    } else {
      float* to = reinterpret_cast<float*>(bytes(m.data)) + first / kPanel * kPanel * in;
      for (std::int64_t w0 = 0; w0 < in; w0 += kStrip)
        for (std::int64_t r = 0; r < n; ++r)
          for (std::int64_t w = w0; w < std::min(w0 + kStrip, in); ++w) to[w * kPanel + place + r] = from[r * in + w];
    }
    first += n;
  }
}

at::Tensor CpuBackend::take_rows(const Matrix& m, const at::Tensor& ids_T) {
  if (m.quantised()) return take_quantised_rows(m, ids_T);
  const std::int64_t T = ids_T.numel(), in = m.in, p = pack(m.dtype);
  at::Tensor out = empty({T, in}, at::kFloat);
  const std::int64_t* ids = ids_T.const_data_ptr<std::int64_t>();
  float* to = out.mutable_data_ptr<float>();
  parallel_ranges(T, kRowGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      const std::int64_t start = ids[t] / kPanel * kPanel * in + ids[t] % kPanel * p;
      for (std::int64_t i = 0; i < in; ++i) {
        const std::int64_t at = start + i / p * kPanel * p + i % p;
        to[t * in + i] = p == 2 ? static_cast<float>(reinterpret_cast<const c10::BFloat16*>(bytes(m.data))[at])
                                : reinterpret_cast<const float*>(bytes(m.data))[at];
      }
    }
  });
  return out;
}

at::Tensor CpuBackend::matmul(const Matrix& m, const at::Tensor& x_TI, const at::Tensor& bias_O,
                              at::ScalarType result) {
  const at::Tensor x = x_TI.contiguous();
  const std::int64_t T = x.size(0), panels = (m.out + kPanel - 1) / kPanel, size = element(m.dtype);
  TORCH_CHECK(x.size(1) == m.in && x.scalar_type() == m.dtype, "matmul: input does not fit the matrix");
  if (m.quantised()) return matmul_quantised(m, x, bias_O, result);
  at::Tensor y = empty({T, m.out}, result);
  const Scratch scratch(T * kPanel * 4);
  const auto kernel = is_bf16(m.dtype) ? kernels_.panel_bf16 : kernels_.panel_f32;
  parallel(panels, [&](std::int64_t i, int worker) {
    PanelJob j;
    j.a = bytes(x);
    j.lda = m.in;
    j.rows = T;
    j.k = m.in;
    j.panel = bytes(m.data) + i * kPanel * m.in * size;
    j.to = panel_out(y, bias_O, i, scratch.of(worker));
    kernel(j);
  });
  return y;
}

at::Tensor CpuBackend::matmul_rows(const at::Tensor& w_OI, const at::Tensor& x_TI, const at::Tensor& bias_O,
                                   at::ScalarType result) {
  const at::Tensor x = x_TI.contiguous(), w = w_OI.contiguous();
  const std::int64_t T = x.size(0), out = w.size(0), in = w.size(1), words = in / pack(w.scalar_type());
  TORCH_CHECK(x.size(1) == in && x.scalar_type() == w.scalar_type(), "matmul_rows: input does not fit the matrix");
  TORCH_CHECK(in % pack(w.scalar_type()) == 0, "a bf16 matrix needs an even number of columns, not ", in);
  at::Tensor y = empty({T, out}, result);
  const std::int64_t panel_bytes = round_up(words * kPanel * 4, 64);
  const Scratch scratch(panel_bytes + T * kPanel * 4);
  const auto kernel = is_bf16(w.scalar_type()) ? kernels_.panel_bf16 : kernels_.panel_f32;
  parallel((out + kPanel - 1) / kPanel, [&](std::int64_t i, int worker) {
    char* const mine = reinterpret_cast<char*>(scratch.of(worker));
    auto* const panel = reinterpret_cast<std::uint32_t*>(mine);
    kernels_.lay_panel(reinterpret_cast<const std::uint32_t*>(bytes(w)) + i * kPanel * words, words,
                       std::min<std::int64_t>(kPanel, out - i * kPanel), panel);
    PanelJob j;
    j.a = bytes(x);
    j.lda = in;
    j.rows = T;
    j.k = in;
    j.panel = panel;
    j.to = panel_out(y, bias_O, i, reinterpret_cast<float*>(mine + panel_bytes));
    kernel(j);
  });
  return y;
}

std::int64_t CpuBackend::page_bytes(const HeadShape& s, at::ScalarType dtype) const {
  return 2 * s.kv_heads * kPageTokens * padded_width(s) * element(dtype);
}

LayerCache CpuBackend::make_cache(std::int64_t pages, const HeadShape& s, at::ScalarType dtype) {
  TORCH_CHECK(s.width <= 1024, "heads wider than 1024 are not supported");
  const std::int64_t n = pages * s.kv_heads * kPageTokens * padded_width(s);
  return {empty({n}, dtype), empty({n}, dtype)};  // a page is cleared when its first position is written
}

void CpuBackend::add(at::Tensor& x_TD, const at::Tensor& y_TD) {
  float* x = x_TD.mutable_data_ptr<float>();
  const float* y = y_TD.const_data_ptr<float>();
  parallel_ranges(x_TD.numel(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) x[i] += y[i];
  });
}

bool CpuBackend::finite(const at::Tensor& x_TD) {
  const float* x = x_TD.const_data_ptr<float>();
  std::atomic<bool> all{true};
  parallel_ranges(x_TD.numel(), 1 << 15, [&](std::int64_t begin, std::int64_t end) {
    float zero = 0;  // stays 0 unless something is not finite
    for (std::int64_t i = begin; i < end; ++i) zero += x[i] * 0.0f;
    if (zero != 0.0f) all = false;
  });
  return all;
}

at::Tensor CpuBackend::rms_norm(const at::Tensor& x_TD, const at::Tensor& w_D, double eps, at::ScalarType result) {
  const std::int64_t T = x_TD.size(0), D = x_TD.size(1);
  at::Tensor y = empty({T, D}, result);
  const float *x = x_TD.const_data_ptr<float>(), *w = w_D.const_data_ptr<float>();
  parallel_ranges(T, kRowGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t)
      kernels_.rms_norm(x + t * D, w, D, static_cast<float>(eps), bytes(y) + t * D * element(result), is_bf16(result));
  });
  return y;
}

at::Tensor CpuBackend::swiglu(const at::Tensor& gate_up_T2F) {
  const std::int64_t T = gate_up_T2F.size(0), F = gate_up_T2F.size(1) / 2;
  const at::ScalarType type = gate_up_T2F.scalar_type();
  at::Tensor y = empty({T, F}, type);
  parallel_ranges(T, kRowGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      const char* row = bytes(gate_up_T2F) + t * 2 * F * element(type);
      kernels_.swiglu(row, row + F * element(type), F, bytes(y) + t * F * element(type), is_bf16(type));
    }
  });
  return y;
}

at::Tensor CpuBackend::rope_and_store(const at::Tensor& qkv_TX, const Batch& b, const HeadShape& s,
                                      const HeadNorms& norms, LayerCache& cache) {
  const at::ScalarType type = cache.k.scalar_type();
  const std::int64_t T = qkv_TX.size(0), C = s.width, size = element(type);
  const std::int64_t head = kPageTokens * padded_width(s), page_size = s.kv_heads * head * size;
  at::Tensor q = empty({T, s.heads, C}, type);  // rows that are padding stay as they are: attend() does not read them
  const float *qkv = qkv_TX.const_data_ptr<float>(), *cos = b.cos_TC.const_data_ptr<float>();
  const float* sin = b.sin_TC.const_data_ptr<float>();
  struct Place {
    std::int64_t row, page, slot;
  };
  std::vector<Place> places;
  for (const Batch::Span& span : b.spans) {
    for (std::int64_t i = 0; i < span.count; ++i) {
      const std::int64_t p = span.position + i, page = b.pages[span.pages + p / kPageTokens];
      places.push_back({span.row + i, page, p % kPageTokens});
      if (places.back().slot != 0) continue;
      std::memset(bytes(cache.k) + page * page_size, 0, page_size);
      std::memset(bytes(cache.v) + page * page_size, 0, page_size);
    }
  }
  const auto kernel = is_bf16(type) ? kernels_.rope_bf16 : kernels_.rope_f32;
  parallel_ranges(static_cast<std::int64_t>(places.size()), kRowGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Place& at = places[i];
      RopeJob j;
      j.qkv = qkv + at.row * (s.heads + 2 * s.kv_heads) * C;
      j.heads = s.heads;
      j.kv_heads = s.kv_heads;
      j.head_dim = C;
      j.padded_dim = padded_width(s);
      j.cos = cos + at.row * (C / 2);
      j.sin = sin + at.row * (C / 2);
      j.q_norm = norms.q_C.defined() ? norms.q_C.const_data_ptr<float>() : nullptr;
      j.k_norm = norms.k_C.defined() ? norms.k_C.const_data_ptr<float>() : nullptr;
      j.eps = static_cast<float>(norms.eps);
      j.q_out = bytes(q) + at.row * s.heads * C * size;
      j.k_page = bytes(cache.k) + at.page * page_size;
      j.v_page = bytes(cache.v) + at.page * page_size;
      j.head_stride = head;
      j.slot = at.slot;
      kernel(j);
    }
  });
  return q;
}

}  // namespace rm::ops::cpu
