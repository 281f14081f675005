// y = x W^T + b behind one interface: the decoder never knows how a matrix is stored, adapted or split.
//
// Dense (f32, bf16) and LoRA are here; quantised, sharded and trainable ones are further classes. The descriptor says what
// a Linear is without its data: which rows of which named tensors it holds, in which type, and which part of a split it
// is. Immutable while lent to a decoder; made outside inference mode so that a trainer may record through it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lib/model/row_table.h"
#include "lib/ops/backend.h"

namespace rm::model {

// Part `index` of `count` equal parts along `dim` (0: outputs, 1: inputs); count 1: the whole.
struct Shard {
  int dim = 0;
  std::int64_t index = 0, count = 1;
};

// Rows [begin, begin + rows) of a Linear are this projection ("model.layers.0.self_attn.q_proj").
struct LinearPart {
  std::string name;
  std::int64_t begin = 0, rows = 0;
};

struct LinearInfo {
  std::int64_t in = 0, out = 0;
  std::string layout;  // "dense", "lora(dense)"
  std::string dtype;   // "f32", "bf16"
  std::vector<LinearPart> parts;
  Shard shard;
  std::uint64_t bytes = 0;
};

class Linear : public RowTable {
 public:
  virtual const LinearInfo& info() const = 0;
  // x_TI in the compute type, y_TO in `result`.
  virtual at::Tensor forward(const at::Tensor& x_TI, at::ScalarType result) const = 0;
  // rows(): rows of W, the embedding of a model whose head is its embedding.
  std::uint64_t bytes() const final { return info().bytes; }
};

class DenseLinear final : public Linear {
 public:
  DenseLinear(ops::Backend& backend, ops::Matrix w, at::Tensor bias_O, std::vector<LinearPart> parts);
  const LinearInfo& info() const override { return info_; }
  at::Tensor forward(const at::Tensor& x_TI, at::ScalarType result) const override;
  at::Tensor rows(const at::Tensor& ids_T) const override { return backend_.take_rows(w_, ids_T); }

 private:
  ops::Backend& backend_;
  ops::Matrix w_;
  at::Tensor bias_O_;  // f32, or undefined
  LinearInfo info_;
};

// base(x) + scale * (x A^T) B^T on some of its parts (arXiv:2106.09685).
class LoraLinear final : public Linear {
 public:
  struct Update {
    std::int64_t begin = 0, rows = 0;  // outputs it adds to
    ops::Matrix a_RI, b_OR;            // R: the rank, filled up with zeros to what the backend likes
    double scale = 1;
  };
  LoraLinear(ops::Backend& backend, std::unique_ptr<Linear> base, std::vector<Update> updates);
  const LinearInfo& info() const override { return info_; }
  at::Tensor forward(const at::Tensor& x_TI, at::ScalarType result) const override;
  at::Tensor rows(const at::Tensor& ids_T) const override { return base_->rows(ids_T); }

 private:
  ops::Backend& backend_;
  std::unique_ptr<Linear> base_;
  std::vector<Update> updates_;
  LinearInfo info_;
};

const char* dtype_name(at::ScalarType t);  // "f32", "bf16", "f16"

}  // namespace rm::model
