// The loss of predicted tokens and its gradient, some rows of logits at a time: all of them are never there at once.
//
// For a chunk of rows: norm, logits, loss, and in the same breath the gradients of logits, head, norm and x. Sums are f64. For
// rollouts log p comes first: with it tune::policy_term() says by how much each row's gradient of -log p counts.
// Loss: cross-entropy; the chunking is that of Liger Kernel's fused linear cross-entropy (arXiv:2410.10989). One thread.
#pragma once

#include "lib/ops/packed.h"
#include "lib/train/trained_linear.h"
#include "lib/tune/plan.h"

namespace rm::train {

struct Targets {
  at::Tensor rows_R;                      // int64: the row of x whose logits predict target r
  at::Tensor ids_R;                       // int64
  at::Tensor weights_R;                   // f32
  std::vector<tune::PolicyToken> policy;  // R, or empty: the loss is -log p
  tune::PolicyRule rule;
};

struct Head {
  const TrainedLinear* linear = nullptr;  // [V, D]
  Parameter* norm = nullptr;              // [D]
  double eps = 0;
  at::ScalarType compute = at::kFloat;
  std::int64_t chunk = tune::kLogitRows;  // rows of logits at once
  bool plain = false;                     // ATen's operators, for tests
};

// dx_TD: gradients of x are added to it, and to the parameters'; null: none are wanted.
tune::PassSums head_loss(const Head& h, const at::Tensor& x_TD, const Targets& t, at::Tensor* dx_TD);
// log p of every target.
std::vector<float> head_logprobs(const Head& h, const at::Tensor& x_TD, const Targets& t);

}  // namespace rm::train
