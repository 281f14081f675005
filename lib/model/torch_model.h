// A StepModel over a decoder: owns its page memory and owns or borrows its weights, turns spans into a Batch, and is where exceptions end.
#pragma once

#include <memory>
#include <vector>

#include "lib/model/decoder.h"
#include "lib/model/rope.h"
#include "lib/model/step.h"

namespace rm::model {

class TorchModel final : public StepModel {
 public:
  TorchModel(const weightfile::ModelConfig& config, std::unique_ptr<Weights> weights, ops::Backend& backend,
             at::ScalarType compute, std::int64_t context);
  // Over weights in training, which outlive it. `rows_independent`: so are their products.
  TorchModel(const weightfile::ModelConfig& config, const Weights& lent, bool rows_independent, ops::Backend& backend,
             at::ScalarType compute, std::int64_t context);

  std::int64_t vocab() const override { return config_.vocab; }
  std::int64_t context() const override { return context_; }
  int page_tokens() const override { return backend_.page_tokens(); }
  std::uint64_t page_bytes() const override;
  std::uint64_t weight_bytes() const override { return weights_.bytes(); }
  std::uint64_t free_bytes() const override { return backend_.free_bytes(); }
  bool rows_independent() const override { return rows_independent_ && backend_.rows_independent(); }
  Result<void> allocate(std::int64_t pages) override;
  Result<void> copy_page(std::int32_t from, std::int32_t to) override;
  Result<std::span<const float>> run(std::span<const Span> spans, int pad_rows) override;
  std::string device() const override { return backend_.device().str(); }
  std::string dtype() const override { return dtype_name(decoder_.compute()); }
  std::string isa() const override { return backend_.isa(); }

  const Weights& weights() const { return weights_; }

 private:
  Result<void> check(std::span<const Span> spans, int pad_rows) const;
  ops::Batch make_batch(std::span<const Span> spans, int pad_rows) const;
  Result<std::span<const float>> run_batch(std::span<const Span> spans, const ops::Batch& b, int pad_rows);
  Error name_layer(const ops::Batch& b);

  weightfile::ModelConfig config_;
  std::unique_ptr<Weights> owned_;  // null: lent
  const Weights& weights_;
  bool rows_independent_ = true;
  ops::Backend& backend_;
  Decoder decoder_;
  Rope rope_;
  std::int64_t context_, pages_ = 0;
  std::vector<ops::LayerCache> cache_;
  at::Tensor logits_;  // of the last run
};

}  // namespace rm::model
