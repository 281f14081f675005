#include "lib/train/head_loss.h"

#include <cmath>

namespace rm::train {
namespace {

struct Logits {
  at::Tensor x_RD;
  ops::Normed normed;
  TrainedLinear::Product product;  // y_TO: logits_RV
};

Logits logits_of(const Head& h, const at::Tensor& x_TD, const at::Tensor& rows_R, bool rows) {
  Logits l;
  l.x_RD = x_TD.index_select(0, rows_R);
  l.normed = ops::rms_norm_forward(l.x_RD, h.norm->working, h.eps, h.compute, rows);
  l.product = h.linear->multiply(l.normed.y_TD, at::kFloat);
  return l;
}

// The rollouts' loss of a chunk; returns what each row's gradient of -log p counts.
at::Tensor policy_weights(const at::Tensor& logits_RV, const Targets& t, bool rows, tune::PassSums& sums) {
  at::Tensor same = logits_RV;
  const at::Tensor weights = t.weights_R.to(at::kCPU);
  const ops::TokenLosses l = ops::token_losses(same, t.ids_R, t.weights_R, false, rows);
  const at::Tensor losses = l.loss_R.to(at::kCPU), counts = at::empty_like(weights);
  sums.right += static_cast<std::int64_t>(l.right_R.sum(at::kDouble).item<double>());
  sums.entropy += ops::entropies(logits_RV, rows).sum(at::kDouble).item<double>();
  const auto *loss = losses.const_data_ptr<float>(), *weight = weights.const_data_ptr<float>();
  auto* count = counts.mutable_data_ptr<float>();
  for (std::size_t r = 0; r < t.policy.size(); ++r) {
    const tune::PolicyToken& token = t.policy[r];
    const double log_p = -static_cast<double>(loss[r]);
    const tune::PolicyTerm term = tune::policy_term(log_p, token, t.rule);
    count[r] = static_cast<float>(-static_cast<double>(weight[r]) * term.derivative);
    sums.loss += static_cast<double>(weight[r]) * term.loss;
    sums.plain_loss -= log_p;
    sums.penalty += term.penalty;
    sums.clipped += term.clipped;
    if (!std::isnan(token.old)) sums.drift += static_cast<double>(token.old) - log_p;
    if (!std::isnan(token.sampled)) {
      const double then = std::isnan(token.old) ? log_p : static_cast<double>(token.old);
      const double gap = std::abs(static_cast<double>(token.sampled) - then);
      sums.gap += gap;
      sums.most_gap = std::max(sums.most_gap, gap);
    }
  }
  return counts.to(logits_RV.device());
}

void chunk_loss(const Head& h, const at::Tensor& x_TD, const Targets& t, at::Tensor* dx_TD, tune::PassSums& sums) {
  const bool rows = x_TD.is_cpu() && !h.plain, gradient = dx_TD != nullptr, policy = !t.policy.empty();
  Logits l = logits_of(h, x_TD, t.rows_R, rows);
  const at::Tensor weights_R = policy ? policy_weights(l.product.y_TO, t, rows, sums) : t.weights_R;
  if (policy && !gradient) return;
  const ops::TokenLosses loss = ops::token_losses(l.product.y_TO, t.ids_R, weights_R, gradient, rows);
  if (!policy) {
    sums.loss += (loss.loss_R * weights_R).sum(at::kDouble).item<double>();
    sums.plain_loss += loss.loss_R.sum(at::kDouble).item<double>();
    sums.right += static_cast<std::int64_t>(loss.right_R.sum(at::kDouble).item<double>());
  }
  if (!gradient) return;
  const at::Tensor dh_RD = h.linear->backward(l.product.y_TO, l.normed.y_TD, l.product.low_TR);
  ops::NormGradients g =
      ops::rms_norm_backward(dh_RD, l.x_RD, h.norm->working, l.normed.rstd_T, h.norm->trained(), rows);
  if (h.norm->trained()) h.norm->grad.add_(g.w_D);
  dx_TD->index_add_(0, t.rows_R, g.x_TD);
}

// `f` of each chunk of targets.
template <class F>
void each_chunk(const Head& h, const Targets& t, const F& f) {
  const std::int64_t R = t.rows_R.size(0);
  for (std::int64_t at = 0; at < R; at += h.chunk) {
    const std::int64_t count = std::min(h.chunk, R - at);
    const auto part = [&](const at::Tensor& x) { return x.narrow(0, at, count); };
    Targets some{part(t.rows_R), part(t.ids_R), part(t.weights_R), {}, t.rule};
    if (!t.policy.empty()) some.policy.assign(t.policy.begin() + at, t.policy.begin() + at + count);
    f(some);
  }
}

}  // namespace

tune::PassSums head_loss(const Head& h, const at::Tensor& x_TD, const Targets& t, at::Tensor* dx_TD) {
  tune::PassSums sums;
  each_chunk(h, t, [&](const Targets& some) { chunk_loss(h, x_TD, some, dx_TD, sums); });
  sums.targets = t.rows_R.size(0);
  sums.weight = t.weights_R.sum(at::kDouble).item<double>();
  return sums;
}

std::vector<float> head_logprobs(const Head& h, const at::Tensor& x_TD, const Targets& t) {
  const bool rows = x_TD.is_cpu() && !h.plain;
  std::vector<float> out;
  each_chunk(h, t, [&](const Targets& some) {
    Logits l = logits_of(h, x_TD, some.rows_R, rows);
    const at::Tensor loss =
        ops::token_losses(l.product.y_TO, some.ids_R, some.weights_R, false, rows).loss_R.neg().to(at::kCPU);
    out.insert(out.end(), loss.const_data_ptr<float>(), loss.const_data_ptr<float>() + loss.numel());
  });
  return out;
}

}  // namespace rm::train
