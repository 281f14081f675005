#include "lib/model/linear.h"

namespace rm::model {

const char* dtype_name(at::ScalarType t) {
  return t == at::kBFloat16 ? "bf16" : t == at::kHalf ? "f16" : t == at::kFloat ? "f32" : "other";
}

DenseLinear::DenseLinear(ops::Backend& backend, ops::Matrix w, at::Tensor bias_O, std::vector<LinearPart> parts)
    : backend_(backend), w_(std::move(w)), bias_O_(std::move(bias_O)) {
  info_.in = w_.in;
  info_.out = w_.out;
  info_.layout = "dense";
  info_.dtype = w_.quantised() ? "int8" : dtype_name(w_.dtype);
  info_.parts = std::move(parts);
  info_.bytes = w_.data.nbytes() + (bias_O_.defined() ? bias_O_.nbytes() : 0);
}

at::Tensor DenseLinear::forward(const at::Tensor& x_TI, at::ScalarType result) const {
  return backend_.matmul(w_, x_TI, bias_O_, result);
}

LoraLinear::LoraLinear(ops::Backend& backend, std::unique_ptr<Linear> base, std::vector<Update> updates)
    : backend_(backend), base_(std::move(base)), updates_(std::move(updates)), info_(base_->info()) {
  info_.layout = "lora(" + info_.layout + ")";
  for (const Update& u : updates_) info_.bytes += u.a_RI.data.nbytes() + u.b_OR.data.nbytes();
}

at::Tensor LoraLinear::forward(const at::Tensor& x_TI, at::ScalarType result) const {
  at::Tensor y_TO = base_->forward(x_TI, at::kFloat);
  for (const Update& u : updates_) {
    const at::Tensor low_TR = backend_.matmul(u.a_RI, x_TI, {}, u.b_OR.dtype);
    y_TO.narrow(1, u.begin, u.rows).add_(backend_.matmul(u.b_OR, low_TR, {}, at::kFloat), u.scale);
  }
  return y_TO.to(result);
}

}  // namespace rm::model
