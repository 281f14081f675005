#include "lib/train/passes.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "lib/model/batch.h"

namespace rm::train {
namespace {

std::int64_t parent_of(const tune::Pass& p, std::size_t sequence) {
  return p.parents.empty() ? -1 : p.parents[sequence];
}

ops::Batch make_batch(Network& n, const tune::Pass& p) {
  ops::Batch b;
  b.rows = static_cast<std::int64_t>(p.ids.size());
  std::vector<std::int64_t> ids(p.ids.begin(), p.ids.end()), positions(p.ids.size());
  for (std::size_t i = 0; i < p.begins.size(); ++i) {
    const std::int64_t end = i + 1 < p.begins.size() ? p.begins[i + 1] : b.rows;
    ops::Batch::Span s{p.begins[i], end - p.begins[i], 0, 0};
    if (const std::int64_t parent = parent_of(p, i); parent >= 0) {
      const ops::Batch::Span& before = b.spans[static_cast<std::size_t>(parent)];
      s.position = before.count;
      s.pages = before.row;
    }
    b.spans.push_back(s);
    for (std::int64_t t = s.row; t < end; ++t) positions[static_cast<std::size_t>(t)] = s.position + t - s.row;
  }
  model::set_tokens(b, n.rope(), ids, positions, n.backend().device());
  n.backend().prepare(b);
  return b;
}

// A token is predicted by the row before it: for the first of a sequence that goes on from another, that one's last row.
Targets make_targets(const tune::Pass& p, const ops::Batch& b, at::Device device) {
  std::vector<std::int64_t> rows, ids;
  std::vector<float> weights;
  Targets t;
  for (const ops::Batch::Span& s : b.spans) {
    for (std::int64_t i = 0; i < s.count; ++i) {
      const auto token = static_cast<std::size_t>(s.row + i);
      if (p.weights[token] == 0) continue;
      rows.push_back(i > 0 ? s.row + i - 1 : s.pages + s.position - 1);
      ids.push_back(p.ids[token]);
      weights.push_back(p.weights[token]);
      if (!p.policy.empty()) t.policy.push_back(p.policy[token]);
    }
  }
  t.rule = p.rule;
  t.rows_R = at::tensor(rows, at::kLong).to(device);
  t.ids_R = at::tensor(ids, at::kLong).to(device);
  t.weights_R = at::tensor(weights, at::kFloat).to(device);
  return t;
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

// Forward alone.
at::Tensor run_layers(const Network& n, const ops::Batch& b) {
  at::Tensor x_TD = n.decoder().embed(b);
  for (std::int64_t i = 0; i < n.layers(); ++i) {
    ops::LayerCache cache;
    n.decoder().layer(static_cast<std::size_t>(i), x_TD, b, cache);
  }
  return x_TD;
}

}  // namespace

std::vector<float> run_logprobs(Network& n, const tune::Pass& p) {
  const at::AutoGradMode off(false);
  const ops::Batch b = make_batch(n, p);
  const at::Tensor x_TD = run_layers(n, b);
  const std::vector<float> found = head_logprobs(n.head(), x_TD, make_targets(p, b, x_TD.device()));
  std::vector<float> out(p.ids.size());
  auto next = found.begin();
  for (std::size_t t = 0; t < out.size(); ++t) {
    if (p.weights[t] != 0) out[t] = *next++;
  }
  return out;
}

tune::PassSums run_pass(Network& n, const tune::Pass& p, const PassOptions& o) {
  const at::AutoGradMode off(false);
  const ops::Batch b = make_batch(n, p);
  if (!o.gradient) {
    const at::Tensor x_TD = run_layers(n, b);
    return head_loss(n.head(), x_TD, make_targets(p, b, x_TD.device()), nullptr);
  }
  const std::int64_t L = n.layers(), first_kept = L - std::min(o.kept, L);

  at::Tensor x_TD = n.decoder().embed(b);
  std::vector<at::Tensor> inputs;
  std::vector<Kept> kept;
  for (std::int64_t i = 0; i < L; ++i) {
    if (i >= first_kept) {
      kept.push_back(run_with_graph(n, i, x_TD, b));
      x_TD = kept.back().out.detach();
      continue;
    }
    inputs.push_back(x_TD);
    ops::LayerCache cache;
    n.decoder().layer(static_cast<std::size_t>(i), x_TD, b, cache);
  }

  const Targets targets = make_targets(p, b, x_TD.device());
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
