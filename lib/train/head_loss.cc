#include "lib/train/head_loss.h"

namespace rm::train {
namespace {

void chunk_loss(const Head& h, const at::Tensor& x_TD, const Targets& t, at::Tensor* dx_TD, tune::PassSums& sums) {
  const bool rows = x_TD.is_cpu() && !h.plain, gradient = dx_TD != nullptr;
  const at::Tensor x_RD = x_TD.index_select(0, t.rows_R);
  const ops::Normed n = ops::rms_norm_forward(x_RD, h.norm->working, h.eps, h.compute, rows);
  TrainedLinear::Product p = h.linear->multiply(n.y_TD, at::kFloat);
  const ops::TokenLosses l = ops::token_losses(p.y_TO, t.ids_R, t.weights_R, gradient, rows);
  sums.loss += (l.loss_R * t.weights_R).sum(at::kDouble).item<double>();
  sums.plain_loss += l.loss_R.sum(at::kDouble).item<double>();
  sums.right += static_cast<std::int64_t>(l.right_R.sum(at::kDouble).item<double>());
  if (!gradient) return;
  const at::Tensor dh_RD = h.linear->backward(p.y_TO, n.y_TD, p.low_TR);
  ops::NormGradients g = ops::rms_norm_backward(dh_RD, x_RD, h.norm->working, n.rstd_T, h.norm->trained(), rows);
  if (h.norm->trained()) h.norm->grad.add_(g.w_D);
  dx_TD->index_add_(0, t.rows_R, g.x_TD);
}

}  // namespace

tune::PassSums head_loss(const Head& h, const at::Tensor& x_TD, const Targets& t, at::Tensor* dx_TD) {
  tune::PassSums sums;
  const std::int64_t R = t.rows_R.size(0);
  for (std::int64_t at = 0; at < R; at += h.chunk) {
    const std::int64_t count = std::min(h.chunk, R - at);
    const auto part = [&](const at::Tensor& x) { return x.narrow(0, at, count); };
    chunk_loss(h, x_TD, {part(t.rows_R), part(t.ids_R), part(t.weights_R)}, dx_TD, sums);
  }
  sums.targets = R;
  sums.weight = t.weights_R.sum(at::kDouble).item<double>();
  return sums;
}

}  // namespace rm::train
