// What training changes: matrices and vectors with their f32 masters, gradients and moments, and their names in model files.
//
// A Parameter may be several tensors of a file, one above the other (q, k and v are one matrix here); its parts say which
// rows are which. `working` is what the arithmetic uses: the master itself in f32, else a rounded copy that refresh() renews.
// A frozen Parameter has only `working`. Plain data and pure functions; one thread.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/tune/trainer.h"

namespace rm::train {

struct ParameterPart {
  std::string name;  // "model.layers.0.self_attn.q_proj.weight"
  std::int64_t begin = 0, rows = 0;
};

struct Parameter {
  std::vector<ParameterPart> parts;
  at::Tensor working;  // [out, in] or [n]
  // f32, of the same shape; undefined: frozen. mean and variance are AdamW's moments.
  at::Tensor master, grad, mean, variance;
  bool trained() const { return master.defined(); }
};

// Makes a frozen Parameter a trained one: `value` (f32) becomes the master.
void make_trained(Parameter& p, at::Tensor value, at::ScalarType compute);
void refresh(Parameter& p);  // working = round(master)

// All of a model, in the order of its files' plan. Addresses stay.
class ParameterSet {
 public:
  Parameter& add(Parameter p);
  std::span<const std::unique_ptr<Parameter>> all() const { return all_; }
  // Where a tensor of the model lies; null: there is none of that name.
  struct Place {
    Parameter* parameter = nullptr;
    const ParameterPart* part = nullptr;
  };
  Place find(const std::string& name) const;

  // Trained tensors in their three roles, in order; built once all are added.
  void index_state();
  std::span<const tune::StateTensor> state() const { return state_; }
  at::Tensor state_rows(std::size_t index) const;     // f32, the part's rows
  at::Tensor gradient_rows(std::size_t index) const;  // of the part of state()[index]

  std::uint64_t count(bool trained_only) const;

 private:
  struct Entry {
    Parameter* parameter;
    std::size_t part;
    int slot;  // 0 weight, 1 mean, 2 variance
  };
  std::vector<std::unique_ptr<Parameter>> all_;
  std::vector<tune::StateTensor> state_;
  std::vector<Entry> entries_;
};

}  // namespace rm::train
