// The weights of a Network as a WeightFile, so that whatever reads model files reads a model in training: LoRA's update added,
// f32. Borrows the Network and the file it began from; valid while neither changes. read() is safe from several threads.
#pragma once

#include "lib/train/network.h"
#include "lib/weightfile/weight_file.h"

namespace rm::train {

class LiveWeights final : public weightfile::WeightFile {
 public:
  LiveWeights(const Network& n, const weightfile::WeightFile& base);
  const std::string& path() const override { return base_.path(); }
  const weightfile::ModelConfig& config() const override { return n_.config(); }
  std::span<const weightfile::TensorInfo> tensors() const override { return tensors_; }
  // Any range of whole numbers.
  Result<void> read(const weightfile::TensorInfo& t, std::uint64_t begin, std::span<std::byte> dst) const override;
  Result<weightfile::TextSource> text() const override { return base_.text(); }

 private:
  const Network& n_;
  const weightfile::WeightFile& base_;
  std::vector<weightfile::TensorInfo> tensors_;  // by name
};

}  // namespace rm::train
