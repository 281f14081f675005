// The backend of NVIDIA devices: the kernels of kernels.h and cuBLAS behind the operations of backend.h.
//
// Matrices and cache have the reference's layout, so the base class's operations are the plain reference on the same
// memory; what no kernel covers (f32 caches, odd head widths) runs there. Work is queued on the current stream.
// Not run on a device yet: it compiles and links, and tests/lib/ops/cuda_gpu_test.cc waits for one.
#pragma once

#include "lib/ops/backend.h"
#include "lib/ops/cuda/kernels.h"

namespace rm::ops::cuda {

class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(at::Device device) : Backend(device) {}
  const char* isa() const override;
  std::uint64_t free_bytes() const override;
  int page_tokens() const override { return kPageTokens; }

  at::Tensor matmul(const Matrix& m, const at::Tensor& x_TI, const at::Tensor& bias_O, at::ScalarType result) override;
  // device_spans: the tiles, int32 [N, 4], those of one row first; device_pages: int32.
  void prepare(Batch& b) override;
  at::Tensor rms_norm(const at::Tensor& x_TD, const at::Tensor& w_D, double eps, at::ScalarType result) override;
  at::Tensor swiglu(const at::Tensor& gate_up_T2F) override;
  at::Tensor rope_and_store(const at::Tensor& qkv_TX, const Batch& b, const HeadShape& s, const HeadNorms& norms,
                            LayerCache& cache) override;
  at::Tensor attend(const at::Tensor& q_THC, const Batch& b, const HeadShape& s, double scale,
                    const LayerCache& cache) override;
};

}  // namespace rm::ops::cuda
