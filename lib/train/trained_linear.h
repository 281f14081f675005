// y = x W^T + b, and LoRA's updates beside it, with a backward pass that adds straight to f32 gradient buffers.
//
// Autograd sees one node whose only input is x: gradients of W, b, A and B never become graph tensors. Parameters are lent
// and outlive it. What is frozen gets no gradient. One thread.
#pragma once

#include <vector>

#include "lib/model/linear.h"
#include "lib/train/parameter.h"

namespace rm::train {

// base(x)[:, begin : begin + rows] += scale * (x A^T) B^T (arXiv:2106.09685).
struct LoraUpdate {
  std::int64_t begin = 0, rows = 0;
  Parameter *a = nullptr, *b = nullptr;  // [rank, in], [rows, rank]
  double scale = 1;
};

class TrainedLinear final : public model::Linear {
 public:
  // `bare`: while it says true the updates are left out; the caller's, outlives it.
  TrainedLinear(Parameter& w, Parameter* bias, std::vector<model::LinearPart> parts, const bool* bare = nullptr);
  void add_update(LoraUpdate u) { updates_.push_back(u); }

  const model::LinearInfo& info() const override { return info_; }
  at::Tensor forward(const at::Tensor& x_TI, at::ScalarType result) const override;
  at::Tensor rows(const at::Tensor& ids_T) const override;

  // The parts of forward() and its gradient, without autograd. `low`: x A^T of each update.
  struct Product {
    at::Tensor y_TO;
    std::vector<at::Tensor> low_TR;
  };
  Product multiply(const at::Tensor& x_TI, at::ScalarType result) const;
  // Adds to the gradients of all that is trained; returns dx in x's type.
  at::Tensor backward(const at::Tensor& dy_TO, const at::Tensor& x_TI, const std::vector<at::Tensor>& low_TR) const;

 private:
  friend class WithoutValue;
  at::Tensor infer(const at::Tensor& x_TI, at::ScalarType result) const;
  Parameter& w_;
  Parameter* bias_;
  const bool* bare_;
  std::vector<LoraUpdate> updates_;
  model::LinearInfo info_;
  mutable bool skip_ = false;
};

// While it lives, forward() leaves the product out (its value is not wanted, only its gradient): y is zeros. For layers that are
// run again for their gradient, whose last product nobody reads.
class WithoutValue {
 public:
  explicit WithoutValue(const TrainedLinear& l) : linear_(l) { linear_.skip_ = true; }
  WithoutValue(const WithoutValue&) = delete;
  WithoutValue& operator=(const WithoutValue&) = delete;
  ~WithoutValue() { linear_.skip_ = false; }

 private:
  const TrainedLinear& linear_;
};

}  // namespace rm::train
