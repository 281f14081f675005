// Streams tensors of a WeightFile into matrices and vectors of a backend, some rows at a time on all threads.
//
// A model is never held twice: what is in flight is one strip of rows a thread. Counts numbers that are not finite, for a
// warning. One thread drives it; errors and bad_alloc leave the half-filled matrix to the caller's cleanup.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/linear.h"
#include "lib/weightfile/weight_file.h"

namespace rm::model {

struct NotFinite {
  std::string tensor;
  std::uint64_t count = 0;
};

class WeightReader {
 public:
  // What becomes of matrices: floats of the compute type, blocks where the file has blocks, blocks always (rounded).
  enum class Keep { kFloats, kStored, kBlocks };
  WeightReader(const weightfile::WeightFile& file, ops::Backend& backend, at::ScalarType compute, Keep keep)
      : file_(file), backend_(backend), dtype_(compute), keep_(keep) {}

  // The modules' weights stacked by rows, with their biases where `bias`; names without ".weight". Without `blocks` they become
  // floats whatever is kept.
  struct Stack {
    ops::Matrix w;
    at::Tensor bias_O;  // f32 on the device, or undefined
    std::vector<LinearPart> parts;
  };
  Result<Stack> stack(const std::vector<std::string>& modules, bool bias, bool blocks = true);
  Result<std::unique_ptr<Linear>> linear(const std::vector<std::string>& modules, bool bias, bool blocks = true);
  // A matrix only its rows are wanted of: as stored on the CPU, as a Linear on other devices.
  Result<std::unique_ptr<RowTable>> table(const std::string& module);
  Result<at::Tensor> vector(const std::string& name);  // f32, on the device
  const std::vector<NotFinite>& not_finite() const { return not_finite_; }

 private:
  ops::Matrix make(const std::vector<const weightfile::TensorInfo*>& tensors, std::int64_t out, std::int64_t in,
                   bool blocks);
  Result<void> read_rows(const weightfile::TensorInfo& t, ops::Matrix& m, std::int64_t begin);
  std::uint64_t put(const weightfile::TensorInfo& t, std::span<const std::byte> raw, std::int64_t first, std::int64_t n,
                    ops::Matrix& m, std::int64_t begin);
  Result<void> read_vector(const std::string& name, std::span<float> to);
  Result<const weightfile::TensorInfo*> find(const std::string& name) const;
  void count(const std::string& tensor, std::uint64_t n);

  const weightfile::WeightFile& file_;
  ops::Backend& backend_;
  at::ScalarType dtype_;
  Keep keep_;
  std::vector<NotFinite> not_finite_;
};

}  // namespace rm::model
