#include "lib/train/passes.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "lib/model/batch.h"

namespace rm::train {
namespace {

ops::Batch make_batch(Network& n, const tune::Pass& p) {
  ops::Batch b;
  b.rows = static_cast<std::int64_t>(p.ids.size());
  std::vector<std::int64_t> ids(p.ids.begin(), p.ids.end()), positions(p.ids.size());
  for (std::size_t i = 0; i < p.begins.size(); ++i) {
    const std::int64_t end = i + 1 < p.begins.size() ? p.begins[i + 1] : b.rows;
    b.spans.push_back({p.begins[i], end - p.begins[i], 0, 0});
    for (std::int64_t t = p.begins[i]; t < end; ++t) positions[static_cast<std::size_t>(t)] = t - p.begins[i];
  }
  model::set_tokens(b, n.rope(), ids, positions, n.backend().device());
  n.backend().prepare(b);
  return b;
}

Targets make_targets(const tune::Pass& p, at::Device device) {
  std::vector<std::int64_t> rows, ids;
  std::vector<float> weights;
  for (std::size_t t = 1; t < p.ids.size(); ++t) {
    if (p.weights[t] == 0) continue;
    rows.push_back(static_cast<std::int64_t>(t) - 1);
    ids.push_back(p.ids[t]);
    weights.push_back(p.weights[t]);
  }
  return {at::tensor(rows, at::kLong).to(device), at::tensor(ids, at::kLong).to(device),
          at::tensor(weights, at::kFloat).to(device)};
}

struct Kept {
  at::Tensor in, out;  // `in` a leaf, `out` with its graph
};

Kept run_with_graph(Network& n, std::int64_t layer, const at::Tensor& x, const ops::Batch& b) {
  const at::AutoGradMode on(true);
  Kept k{x.detach().requires_grad_(true), {}};
  k.out = k.in;
  ops::LayerCache cache;
  n.decoder().layer(static_cast<std::size_t>(layer), k.out, b, cache);
  return k;
}

}  // namespace

tune::PassSums run_pass(Network& n, const tune::Pass& p, const PassOptions& o) {
  const at::AutoGradMode off(false);
  const ops::Batch b = make_batch(n, p);
  const std::int64_t L = n.layers(), first_kept = o.gradient ? L - std::min(o.kept, L) : L;

  at::Tensor x_TD = n.decoder().embed(b);
  std::vector<at::Tensor> inputs;
  std::vector<Kept> kept;
  for (std::int64_t i = 0; i < L; ++i) {
    if (i >= first_kept) {
      kept.push_back(run_with_graph(n, i, x_TD, b));
      x_TD = kept.back().out.detach();
      continue;
    }
    if (o.gradient) inputs.push_back(x_TD);
    ops::LayerCache cache;
    n.decoder().layer(static_cast<std::size_t>(i), x_TD, b, cache);
  }

  const Targets targets = make_targets(p, x_TD.device());
  if (!o.gradient) return head_loss(n.head(), x_TD, targets, nullptr);
  at::Tensor dx_TD = at::zeros_like(x_TD);
  const tune::PassSums sums = head_loss(n.head(), x_TD, targets, &dx_TD);
  x_TD.reset();
  for (std::int64_t i = L - 1; i >= 0; --i) {
    Kept k;
    if (i >= first_kept) {
      k = std::move(kept.back());
      kept.pop_back();
    } else {
      const WithoutValue only_gradient(n.down(i));
      k = run_with_graph(n, i, inputs.back(), b);
      inputs.pop_back();
    }
    torch::autograd::backward({k.out}, {dx_TD});
    dx_TD = k.in.grad();
  }
  if (Parameter* e = n.embedding(); e->trained()) e->grad.index_add_(0, b.ids_T, dx_TD);
  return sums;
}

}  // namespace rm::train
