// Rows of a matrix by number: what an embedding is. A Linear is one too, so a tied head can lend its rows.
//
// StoredTable keeps a tensor exactly as its file has it (quantised blocks, bf16) and decodes the rows that are asked for:
// an embedding is never multiplied, so it needs no layout of its own, and the default model stays 0.3 GB smaller.
// Immutable; any thread. Rows come out in the host's memory.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "lib/base/result.h"
#include "lib/weightfile/weight_file.h"

namespace rm::model {

class RowTable {
 public:
  virtual ~RowTable() = default;
  virtual at::Tensor rows(const at::Tensor& ids_T) const = 0;  // f32 [T, in]
  virtual std::uint64_t bytes() const = 0;
};

class StoredTable final : public RowTable {
 public:
  // Reads the whole tensor [rows, in], whose rows must be whole blocks. Exit::kIo, kModel as WeightFile::read.
  static Result<std::unique_ptr<StoredTable>> read(const weightfile::WeightFile& file, const weightfile::TensorInfo& t);
  at::Tensor rows(const at::Tensor& ids_T) const override;  // ids on the host
  std::uint64_t bytes() const override { return data_.size(); }
  std::uint64_t count_not_finite() const;  // decodes everything once, on all threads

 private:
  weightfile::DType dtype_ = weightfile::DType::kF32;
  std::int64_t count_ = 0, in_ = 0;
  std::vector<std::byte> data_;
};

}  // namespace rm::model
