// The CPU's backend: the kernels of kernels.h behind the operations of backend.h, spread over the pool.
//
// Matrices and cache lie in panels (kernels.h says how). Rows are independent of each other, bit by bit.
#pragma once

#include "lib/ops/backend.h"
#include "lib/ops/cpu/kernels.h"

namespace rm::ops::cpu {

Backend& cpu_backend();  // with the best instruction set of this machine, or that of RM_ISA

// With a given one; for tests and benchmarks. The table must be usable here.
class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(const KernelTable& kernels) : Backend(at::kCPU), kernels_(kernels) {}
  const char* isa() const override { return kernels_.name; }
  bool fast_bf16() const override { return &kernels_ != &kScalar; }
  int page_tokens() const override { return kPageTokens; }
  bool rows_independent() const override { return true; }

  Matrix make_matrix(std::int64_t out, std::int64_t in, at::ScalarType dtype) override;
  void put_rows(Matrix& m, std::int64_t row, std::int64_t count, const float* rows) override;
  at::Tensor take_rows(const Matrix& m, const at::Tensor& ids_T) override;
  bool quantises() const override { return true; }
  Matrix make_quantised(const std::vector<QuantisedRange>& rows, std::int64_t in, at::ScalarType dtype) override;
  void put_blocks(Matrix& m, std::int64_t row, std::int64_t count, const weightfile::BlockSpan& rows) override;
  at::Tensor matmul(const Matrix& m, const at::Tensor& x_TI, const at::Tensor& bias_O, at::ScalarType result) override;
  // Each panel is laid out in cache before it is used: the same bits as matmul() of the same weights.
  at::Tensor matmul_rows(const at::Tensor& w_OI, const at::Tensor& x_TI, const at::Tensor& bias_O,
                         at::ScalarType result) override;
  std::int64_t page_bytes(const HeadShape& s, at::ScalarType dtype) const override;
  LayerCache make_cache(std::int64_t pages, const HeadShape& s, at::ScalarType dtype) override;
  void add(at::Tensor& x_TD, const at::Tensor& y_TD) override;
  bool finite(const at::Tensor& x_TD) override;
  at::Tensor rms_norm(const at::Tensor& x_TD, const at::Tensor& w_D, double eps, at::ScalarType result) override;
  at::Tensor swiglu(const at::Tensor& gate_up_T2F) override;
  at::Tensor rope_and_store(const at::Tensor& qkv_TX, const Batch& b, const HeadShape& s, const HeadNorms& norms,
                            LayerCache& cache) override;
  at::Tensor attend(const at::Tensor& q_THC, const Batch& b, const HeadShape& s, double scale,
                    const LayerCache& cache) override;

 private:
  at::Tensor matmul_quantised(const Matrix& m, const at::Tensor& x_TI, const at::Tensor& bias_O, at::ScalarType result);

  const KernelTable& kernels_;
};

}  // namespace rm::ops::cpu
