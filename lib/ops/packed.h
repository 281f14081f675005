// The backend of training: the decoder's operations over packed sequences, recorded by autograd, with backward passes of their
// own. A step of it has no paged cache. A span is a whole sequence and begins at position 0, or goes on from another span of the
// step: its `position` rows before it then stand from row `pages` on, and several may share them.
//
// Shapes and letters: backend.h. Where autograd records nothing the same functions just compute. Norms, gates and rotations
// are written twice, as loops over rows for the CPU (cpu/packed_rows.h) and with ATen's operators, which also are the reference
// that tests hold the loops against. Attention is ATen's flash kernel, over sequences of like length on the CPU and over all on
// CUDA (bf16; not run on a device yet). One thread at a time; throws what ATen throws.
#pragma once

#include "lib/ops/backend.h"

namespace rm::ops {

class PackedBackend final : public Backend {
 public:
  // `compute`: of what goes into matrices, bf16 or f32. `plain`: ATen's operators everywhere, for tests.
  PackedBackend(at::Device device, at::ScalarType compute, bool plain = false);
  const char* isa() const override { return "packed"; }

  // CUDA: device_spans becomes where spans begin, int32 [N + 1]; device_pages, where some go on from others, where their keys do.
  void prepare(Batch& b) override;
  void add(at::Tensor& x_TD, const at::Tensor& y_TD) override { x_TD = x_TD + y_TD; }
  at::Tensor rms_norm(const at::Tensor& x_TD, const at::Tensor& w_D, double eps, at::ScalarType result) override;
  at::Tensor swiglu(const at::Tensor& gate_up_T2F) override;
  // Keys and values go to cache.k and cache.v as [T, K, C], whatever those were.
  at::Tensor rope_and_store(const at::Tensor& qkv_TX, const Batch& b, const HeadShape& s, const HeadNorms& norms,
                            LayerCache& cache) override;
  at::Tensor attend(const at::Tensor& q_THC, const Batch& b, const HeadShape& s, double scale,
                    const LayerCache& cache) override;

 private:
  bool rows(const at::Tensor& x) const { return !plain_ && x.is_cpu(); }

  at::ScalarType compute_;
  bool plain_;
};

// y = rms_norm(x) w and what its gradient needs. rstd_T: 1 / sqrt(mean(x^2) + eps).
struct Normed {
  at::Tensor y_TD, rstd_T;
};
Normed rms_norm_forward(const at::Tensor& x_TD, const at::Tensor& w_D, double eps, at::ScalarType result, bool rows);
struct NormGradients {
  at::Tensor x_TD, w_D;  // w_D: undefined where not wanted
};
NormGradients rms_norm_backward(const at::Tensor& dy_TD, const at::Tensor& x_TD, const at::Tensor& w_D,
                                const at::Tensor& rstd_T, bool want_w, bool rows);

// -log p of targets_R under logits_RV (f32), whether the target is the most likely token (0 or 1), and, where `gradient`,
// logits_RV becomes weights_R * (softmax - onehot) in place.
struct TokenLosses {
  at::Tensor loss_R, right_R;  // f32, f32
};
TokenLosses token_losses(at::Tensor& logits_RV, const at::Tensor& targets_R, const at::Tensor& weights_R, bool gradient,
                         bool rows);
// Entropy of softmax(logits_RV) in nats, f32 [R].
at::Tensor entropies(const at::Tensor& logits_RV, bool rows);

}  // namespace rm::ops
