#include "lib/ops/backend.h"

#include <cmath>
#include <map>

#include "lib/ops/cpu/cpu_backend.h"

namespace rm::ops {

Matrix Backend::make_matrix(std::int64_t out, std::int64_t in, at::ScalarType dtype) {
  return {out, in, dtype, at::zeros({out, in}, at::TensorOptions().dtype(dtype).device(device_))};
}

void Backend::put_rows(Matrix& m, std::int64_t row, std::int64_t count, const float* rows) {
  const at::Tensor from = at::from_blob(const_cast<float*>(rows), {count, m.in}, at::kFloat);
  m.data.narrow(0, row, count).copy_(from);
}

at::Tensor Backend::take_rows(const Matrix& m, const at::Tensor& ids_T) {
  return m.data.index_select(0, ids_T).to(at::kFloat);
}

Matrix Backend::make_quantised(const std::vector<QuantisedRange>&, std::int64_t, at::ScalarType) {
  TORCH_CHECK(false, "this backend keeps no quantised matrices");
}

void Backend::put_blocks(Matrix&, std::int64_t, std::int64_t, const weightfile::BlockSpan&) {
  TORCH_CHECK(false, "this backend keeps no quantised matrices");
}

at::Tensor Backend::matmul(const Matrix& m, const at::Tensor& x_TI, const at::Tensor& bias_O, at::ScalarType result) {
  at::Tensor y_TO = at::matmul(x_TI.to(at::kFloat), m.data.to(at::kFloat).t());
  if (bias_O.defined()) y_TO = y_TO + bias_O;
  return y_TO.to(result);
}

at::Tensor Backend::matmul_rows(const at::Tensor& w_OI, const at::Tensor& x_TI, const at::Tensor& bias_O,
                                at::ScalarType result) {
  at::Tensor y = at::linear(x_TI, w_OI);
  if (bias_O.defined()) y = y.to(at::kFloat).add_(bias_O);
  return y.to(result);
}

std::int64_t Backend::page_bytes(const HeadShape& s, at::ScalarType dtype) const {
  return 2 * s.kv_width() * page_tokens() * static_cast<std::int64_t>(c10::elementSize(dtype));
}

LayerCache Backend::make_cache(std::int64_t pages, const HeadShape& s, at::ScalarType dtype) {
  const auto options = at::TensorOptions().dtype(dtype).device(device_);
  const std::vector<std::int64_t> shape{pages, s.kv_heads, page_tokens(), s.width};
  return {at::zeros(shape, options), at::zeros(shape, options)};
}

at::Tensor Backend::rms_norm(const at::Tensor& x_TD, const at::Tensor& w_D, double eps, at::ScalarType result) {
  const at::Tensor x = x_TD.to(at::kFloat);
  return (x * at::rsqrt(x.pow(2).mean(-1, true) + eps) * w_D).to(result);
}

at::Tensor Backend::swiglu(const at::Tensor& gate_up_T2F) {
  const auto parts = gate_up_T2F.to(at::kFloat).chunk(2, -1);
  return (at::silu(parts[0]) * parts[1]).to(gate_up_T2F.scalar_type());
}

namespace {

at::Tensor rotate(const at::Tensor& x_THC, const Batch& b) {
  const auto halves = x_THC.chunk(2, -1);
  const at::Tensor cos = b.cos_TC.unsqueeze(1), sin = b.sin_TC.unsqueeze(1);
  return at::cat({halves[0] * cos - halves[1] * sin, halves[1] * cos + halves[0] * sin}, -1);
}

// The cache rows of a span's positions [0, end), as [end, K, C].
at::Tensor gather(const at::Tensor& pages_PKNC, const Batch& b, const Batch::Span& s, std::int64_t end) {
  const std::int64_t tokens = pages_PKNC.size(2), count = (end + tokens - 1) / tokens;
  const std::vector<std::int64_t> ids(b.pages.begin() + s.pages, b.pages.begin() + s.pages + count);
  const at::Tensor index = at::tensor(ids, at::kLong).to(pages_PKNC.device());
  const at::Tensor all = pages_PKNC.index_select(0, index).transpose(1, 2);
  return all.reshape({count * tokens, all.size(2), all.size(3)}).narrow(0, 0, end);
}

}  // namespace

at::Tensor Backend::rope_and_store(const at::Tensor& qkv_TX, const Batch& b, const HeadShape& s, const HeadNorms& norms,
                                   LayerCache& cache) {
  const std::int64_t T = qkv_TX.size(0);
  const auto parts = qkv_TX.to(at::kFloat).split_with_sizes({s.q_width(), s.kv_width(), s.kv_width()}, -1);
  at::Tensor q_THC = parts[0].reshape({T, s.heads, s.width}), k_TKC = parts[1].reshape({T, s.kv_heads, s.width});
  const at::Tensor v_TKC = parts[2].reshape({T, s.kv_heads, s.width});
  if (norms.q_C.defined()) q_THC = Backend::rms_norm(q_THC, norms.q_C, norms.eps, at::kFloat);
  if (norms.k_C.defined()) k_TKC = Backend::rms_norm(k_TKC, norms.k_C, norms.eps, at::kFloat);
  q_THC = rotate(q_THC, b);
  k_TKC = rotate(k_TKC, b);
  const std::int64_t tokens = cache.k.size(2);
  for (const Batch::Span& span : b.spans) {
    for (std::int64_t i = 0; i < span.count; ++i) {
      const std::int64_t at = span.position + i, page = b.pages[span.pages + at / tokens];
      cache.k.select(0, page).select(1, at % tokens).copy_(k_TKC[span.row + i]);
      cache.v.select(0, page).select(1, at % tokens).copy_(v_TKC[span.row + i]);
    }
  }
  return q_THC.to(cache.k.scalar_type());
}

at::Tensor Backend::attend(const at::Tensor& q_THC, const Batch& b, const HeadShape& s, double scale,
                           const LayerCache& cache) {
  const std::int64_t group = s.heads / s.kv_heads;
  at::Tensor out_THC = at::zeros(q_THC.sizes(), q_THC.options());
  for (const Batch::Span& span : b.spans) {
    const std::int64_t end = span.position + span.count;
    const at::Tensor q = q_THC.narrow(0, span.row, span.count).to(at::kFloat).transpose(0, 1);  // [H, n, C]
    const at::Tensor k = gather(cache.k, b, span, end).to(at::kFloat).transpose(0, 1).repeat_interleave(group, 0);
    const at::Tensor v = gather(cache.v, b, span, end).to(at::kFloat).transpose(0, 1).repeat_interleave(group, 0);
    at::Tensor scores = at::matmul(q, k.transpose(1, 2)) * scale;  // [H, n, end]
    const at::Tensor hidden = at::ones({span.count, end}, scores.options().dtype(at::kBool)).triu(span.position + 1);
    scores = scores.masked_fill(hidden, -INFINITY);
    out_THC.narrow(0, span.row, span.count).copy_(at::matmul(at::softmax(scores, -1), v).transpose(0, 1));
  }
  return out_THC.reshape({q_THC.size(0), s.q_width()});
}

namespace {

std::map<c10::DeviceType, Backend*>& registry() {
  static auto* backends = new std::map<c10::DeviceType, Backend*>;
  return *backends;
}

}  // namespace

void register_backend(c10::DeviceType type, Backend& backend) { registry()[type] = &backend; }

Backend* backend(at::Device device) {
  if (const auto found = registry().find(device.type()); found != registry().end()) return found->second;
  return device.is_cpu() ? &cpu::cpu_backend() : nullptr;
}

}  // namespace rm::ops
