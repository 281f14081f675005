// The embedding of a model whose head is a matrix of its own: rows as the file stores them, decoded as they are taken.
//
// A step takes a few hundred rows of many thousands, so the table stays in the host's memory in its stored type (a
// quantised one is a quarter of bf16) and loses nothing to rounding. Immutable; safe from any thread.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/weightfile/weight_file.h"

namespace rm::model {

class Embedding {
 public:
  // `rows` holds whole rows of `width` numbers.
  Embedding(weightfile::DType type, std::int64_t width, std::vector<std::byte> rows, at::Device device)
      : type_(type), width_(width), rows_(std::move(rows)), device_(device) {}

  at::Tensor rows(const at::Tensor& ids_T) const;  // f32 [T, D] on the device; ids must be in range
  std::uint64_t bytes() const { return rows_.size(); }

 private:
  weightfile::DType type_;
  std::int64_t width_;
  std::vector<std::byte> rows_;
  at::Device device_;
};

}  // namespace rm::model
