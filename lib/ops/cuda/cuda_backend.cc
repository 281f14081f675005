#include "lib/ops/cuda/cuda_backend.h"

#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <string>

namespace rm::ops::cuda {
namespace {

// Opening the CUDA object registers its backend; without a device there is nothing to register.
const bool kRegistered = [] {
  if (c10::cuda::device_count() > 0) register_backend(at::kCUDA, *new CudaBackend(at::Device(at::kCUDA, 0)));
  return true;
}();

cudaStream_t stream() { return c10::cuda::getCurrentCUDAStream().stream(); }

bool handled(at::ScalarType t) { return t == at::kBFloat16 || t == at::kFloat; }

Heads heads_of(const HeadShape& s) {
  return {static_cast<int>(s.heads), static_cast<int>(s.kv_heads), static_cast<int>(s.width)};
}

const Tile* tiles_of(const Batch& b) {
  return reinterpret_cast<const Tile*>(b.device_spans.const_data_ptr<std::int32_t>());
}

// How many tiles of one row there are (prepare() puts them first), and the longest context among them.
struct Decode {
  std::int64_t count = 0, longest = 0;
};
Decode decode_tiles(const Batch& b) {
  Decode d;
  for (const Batch::Span& s : b.spans) {
    if (s.count != 1) continue;
    ++d.count;
    d.longest = std::max(d.longest, s.position + 1);
  }
  return d;
}

std::vector<Tile> make_tiles(const Batch& b) {
  std::vector<Tile> tiles;
  const auto add = [&tiles](const Batch::Span& s, std::int64_t from, std::int64_t count) {
    tiles.push_back({static_cast<std::int32_t>(s.row + from), static_cast<std::int32_t>(count),
                     static_cast<std::int32_t>(s.position + from), static_cast<std::int32_t>(s.pages)});
  };
  for (const Batch::Span& s : b.spans) {
    if (s.count == 1) add(s, 0, 1);
  }
  for (const Batch::Span& s : b.spans) {
    if (s.count == 1) continue;
    for (std::int64_t i = 0; i < s.count; i += kTileRows) add(s, i, std::min<std::int64_t>(kTileRows, s.count - i));
  }
  return tiles;
}

}  // namespace

const char* CudaBackend::isa() const {
  static const std::string name = [this] {
    int major = 0, minor = 0;
    C10_CUDA_CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device().index()));
    C10_CUDA_CHECK(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device().index()));
    return "sm_" + std::to_string(major) + std::to_string(minor);
  }();
  return name.c_str();
}

std::uint64_t CudaBackend::free_bytes() const {
  std::size_t free = 0, total = 0;
  C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  return free;
}

void CudaBackend::prepare(Batch& b) {
  const std::vector<Tile> tiles = make_tiles(b);
  const auto count = static_cast<std::int64_t>(tiles.size());
  const at::Tensor host = at::from_blob(const_cast<Tile*>(tiles.data()), {count, 4}, at::kInt);
  b.device_spans = host.to(device());
  b.device_pages = at::from_blob(b.pages.data(), {static_cast<std::int64_t>(b.pages.size())}, at::kInt).to(device());
}

at::Tensor CudaBackend::matmul(const Matrix& m, const at::Tensor& x_TI, const at::Tensor& bias_O,
                               at::ScalarType result) {
  const at::Tensor w_IO = m.data.t();
  at::Tensor y_TO = m.dtype == result ? at::mm(x_TI, w_IO) : at::mm(x_TI, w_IO, result);
  if (bias_O.defined()) y_TO.add_(bias_O);
  return y_TO;
}

at::Tensor CudaBackend::rms_norm(const at::Tensor& x_TD, const at::Tensor& w_D, double eps, at::ScalarType result) {
  if (x_TD.scalar_type() != at::kFloat || !handled(result)) return Backend::rms_norm(x_TD, w_D, eps, result);
  const at::Tensor x = x_TD.contiguous();
  at::Tensor out = at::empty(x.sizes(), x.options().dtype(result));
  C10_CUDA_CHECK(cuda::rms_norm(x.const_data_ptr<float>(), w_D.const_data_ptr<float>(), static_cast<int>(x.size(0)),
                                static_cast<int>(x.size(1)), static_cast<float>(eps), out.mutable_data_ptr(),
                                result == at::kBFloat16, stream()));
  return out;
}

at::Tensor CudaBackend::swiglu(const at::Tensor& gate_up_T2F) {
  if (!handled(gate_up_T2F.scalar_type())) return Backend::swiglu(gate_up_T2F);
  const at::Tensor x = gate_up_T2F.contiguous();
  const std::int64_t width = x.size(1) / 2;
  at::Tensor out = at::empty({x.size(0), width}, x.options());
  C10_CUDA_CHECK(cuda::swiglu(x.const_data_ptr(), static_cast<int>(x.size(0)), static_cast<int>(width),
                              out.mutable_data_ptr(), x.scalar_type() == at::kBFloat16, stream()));
  return out;
}

at::Tensor CudaBackend::rope_and_store(const at::Tensor& qkv_TX, const Batch& b, const HeadShape& s,
                                       const HeadNorms& norms, LayerCache& cache) {
  const at::ScalarType type = cache.k.scalar_type();
  if (qkv_TX.scalar_type() != at::kFloat || !handled(type)) return Backend::rope_and_store(qkv_TX, b, s, norms, cache);
  const at::Tensor qkv = qkv_TX.contiguous();
  at::Tensor q_THC = at::zeros({qkv.size(0), s.heads, s.width}, cache.k.options());  // padding rows stay finite
  RopeArgs a;
  a.qkv = qkv.const_data_ptr<float>();
  a.cos = b.cos_TC.const_data_ptr<float>();
  a.sin = b.sin_TC.const_data_ptr<float>();
  if (norms.q_C.defined()) a.q_norm = norms.q_C.const_data_ptr<float>();
  if (norms.k_C.defined()) a.k_norm = norms.k_C.const_data_ptr<float>();
  a.eps = static_cast<float>(norms.eps);
  a.heads = heads_of(s);
  a.tiles = tiles_of(b);
  a.tile_count = static_cast<int>(b.device_spans.size(0));
  a.pages = b.device_pages.const_data_ptr<std::int32_t>();
  a.q_out = q_THC.mutable_data_ptr();
  a.k = cache.k.mutable_data_ptr();
  a.v = cache.v.mutable_data_ptr();
  a.bf16 = type == at::kBFloat16;
  C10_CUDA_CHECK(cuda::rope_and_store(a, stream()));
  return q_THC;
}

at::Tensor CudaBackend::attend(const at::Tensor& q_THC, const Batch& b, const HeadShape& s, double scale,
                               const LayerCache& cache) {
  const bool kernels =
      cache.k.scalar_type() == at::kBFloat16 && (s.width == 64 || s.width == 128) && s.heads / s.kv_heads <= kMaxGroup;
  if (!kernels) return Backend::attend(q_THC, b, s, scale, cache);
  const at::Tensor q = q_THC.contiguous();
  at::Tensor out = at::zeros({q.size(0), s.q_width()}, q.options());
  const Decode d = decode_tiles(b);
  AttendArgs a;
  a.q = q.const_data_ptr();
  a.k = cache.k.const_data_ptr();
  a.v = cache.v.const_data_ptr();
  a.heads = heads_of(s);
  a.scale = static_cast<float>(scale);
  a.tiles = tiles_of(b);
  a.tile_count = static_cast<int>(d.count);
  a.pages = b.device_pages.const_data_ptr<std::int32_t>();
  a.out = out.mutable_data_ptr();
  a.splits = static_cast<int>((d.longest + kSplit - 1) / kSplit);
  const auto f32 = q.options().dtype(at::kFloat);
  const at::Tensor part = at::empty({d.count, s.heads, a.splits, s.width}, f32),
                   ml = at::empty({d.count, s.heads, a.splits, 2}, f32);
  a.part = part.mutable_data_ptr<float>();
  a.part_ml = ml.mutable_data_ptr<float>();
  C10_CUDA_CHECK(attend_decode(a, stream()));
  a.tiles += d.count;
  a.tile_count = static_cast<int>(b.device_spans.size(0) - d.count);
  C10_CUDA_CHECK(attend_prefill(a, stream()));
  return out;
}

}  // namespace rm::ops::cuda
