#include "lib/train/optimizer.h"

#include <cmath>

namespace rm::train {

double gradient_norm(const ParameterSet& p) {
  double squares = 0;
  for (const auto& q : p.all()) {
    if (!q->trained()) continue;
    const double norm = at::linalg_vector_norm(q->grad).item<double>();
    squares += norm * norm;
  }
  return std::sqrt(squares);
}

void zero_gradients(ParameterSet& p) {
  for (const auto& q : p.all())
    if (q->trained()) q->grad.zero_();
}

tune::StepSums adamw_step(ParameterSet& p, const AdamW& a, const tune::StepParams& s, std::int64_t number) {
  tune::StepSums sums{gradient_norm(p), false};
  if (!std::isfinite(sums.grad_norm)) {
    zero_gradients(p);
    return sums;
  }
  std::vector<at::Tensor> masters, grads, means, variances, numbers;
  for (const auto& q : p.all()) {
    if (!q->trained()) continue;
    masters.push_back(q->master.detach());
    grads.push_back(q->grad);
    means.push_back(q->mean);
    variances.push_back(q->variance);
    numbers.push_back(at::full({}, static_cast<double>(number), q->master.options().requires_grad(false)));
  }
  // The fused step divides by the scale as it reads: no sweep for clipping.
  std::optional<at::Tensor> scale;
  if (s.clip > 0 && sums.grad_norm + 1e-6 > s.clip)
    scale = at::full({}, (sums.grad_norm + 1e-6) / s.clip, masters.front().options());
  at::_fused_adamw_(masters, grads, means, variances, {}, numbers, s.lr, a.beta1, a.beta2, a.weight_decay, a.epsilon,
                    false, false, scale);
  for (const auto& q : p.all()) refresh(*q);
  zero_gradients(p);
  sums.taken = true;
  return sums;
}

}  // namespace rm::train
