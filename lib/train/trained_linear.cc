#include "lib/train/trained_linear.h"

#include <torch/csrc/autograd/custom_function.h>

namespace rm::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

struct LinearNode : Function<LinearNode> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x_TI, const TrainedLinear* self,
                            at::ScalarType result) {
    TrainedLinear::Product p = self->multiply(x_TI, result);
    variable_list saved{x_TI};
    saved.insert(saved.end(), p.low_TR.begin(), p.low_TR.end());
    ctx->save_for_backward(saved);
    ctx->saved_data["self"] = reinterpret_cast<std::int64_t>(self);
    return p.y_TO;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& d) {
    const variable_list saved = ctx->get_saved_variables();
    const auto* self = reinterpret_cast<const TrainedLinear*>(ctx->saved_data["self"].toInt());
    return {self->backward(d[0], saved[0], {saved.begin() + 1, saved.end()}), {}, {}};
  }
};

// grad += a b, in f32.
void add_product(at::Tensor& grad, const at::Tensor& a, const at::Tensor& b, double scale = 1) {
  if (a.scalar_type() == at::kFloat) {
    grad.addmm_(a, b, 1, scale);
  } else {
    grad.add_(at::mm(a, b), scale);
  }
}

}  // namespace

TrainedLinear::TrainedLinear(Parameter& w, Parameter* bias, std::vector<model::LinearPart> parts, const bool* bare)
    : w_(w), bias_(bias), bare_(bare) {
  info_.in = w.working.size(1);
  info_.out = w.working.size(0);
  info_.layout = w.trained() ? "trained" : "frozen";
  info_.dtype = model::dtype_name(w.working.scalar_type());
  info_.parts = std::move(parts);
  info_.bytes = w.working.nbytes();
}

TrainedLinear::Product TrainedLinear::multiply(const at::Tensor& x_TI, at::ScalarType result) const {
  Product p;
  if (skip_) {
    p.y_TO = at::zeros({1, 1}, x_TI.options().dtype(result)).expand({x_TI.size(0), info_.out});
  } else {
    p.y_TO = at::linear(x_TI, w_.working);
    if (bias_ != nullptr || !updates_.empty()) p.y_TO = p.y_TO.to(at::kFloat);
    if (bias_ != nullptr) p.y_TO.add_(bias_->working);
  }
  if (bare_ != nullptr && *bare_) {
    p.y_TO = p.y_TO.to(result);
    return p;
  }
  for (const LoraUpdate& u : updates_) {
    p.low_TR.push_back(at::linear(x_TI, u.a->working));
    if (!skip_) p.y_TO.narrow(1, u.begin, u.rows).add_(at::linear(p.low_TR.back(), u.b->working), u.scale);
  }
  p.y_TO = p.y_TO.to(result);
  return p;
}

at::Tensor TrainedLinear::backward(const at::Tensor& dy_TO, const at::Tensor& x_TI,
                                   const std::vector<at::Tensor>& low_TR) const {
  const at::Tensor dy = dy_TO.to(x_TI.scalar_type()).contiguous();
  at::Tensor dx = at::mm(dy, w_.working);
  if (w_.trained()) add_product(w_.grad, dy.t(), x_TI);
  if (bias_ != nullptr && bias_->trained()) bias_->grad.add_(dy_TO.sum(0, false, at::kFloat));
  for (std::size_t i = 0; i < updates_.size(); ++i) {
    const LoraUpdate& u = updates_[i];
    const at::Tensor part = dy.narrow(1, u.begin, u.rows);
    const at::Tensor dlow = at::mm(part, u.b->working).mul_(u.scale);
    add_product(u.b->grad, part.t(), low_TR[i], u.scale);
    add_product(u.a->grad, dlow.t(), x_TI);
    dx.add_(at::mm(dlow, u.a->working));
  }
  return dx;
}

at::Tensor TrainedLinear::forward(const at::Tensor& x_TI, at::ScalarType result) const {
  if (c10::InferenceMode::is_enabled()) return infer(x_TI, result);
  return at::GradMode::is_enabled() ? LinearNode::apply(x_TI, this, result) : multiply(x_TI, result).y_TO;
}

// A step of an engine: few rows, for which the device's own kernels are the better ones.
at::Tensor TrainedLinear::infer(const at::Tensor& x_TI, at::ScalarType result) const {
  const bool bare = updates_.empty() || (bare_ != nullptr && *bare_);
  at::Tensor y_TO =
      ops::backend(x_TI.device())
          ->matmul_rows(w_.working, x_TI, bias_ != nullptr ? bias_->working : at::Tensor(), bare ? result : at::kFloat);
  if (bare) return y_TO;
  for (const LoraUpdate& u : updates_)
    y_TO.narrow(1, u.begin, u.rows).add_(at::linear(at::linear(x_TI, u.a->working), u.b->working), u.scale);
  return y_TO.to(result);
}

at::Tensor TrainedLinear::rows(const at::Tensor& ids_T) const {
  return w_.working.index_select(0, ids_T).to(at::kFloat);
}

}  // namespace rm::train
