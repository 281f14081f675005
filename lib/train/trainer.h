// The Trainer of a Torch object: a Network, its passes and its optimizer behind tune::Trainer. Where exceptions end.
#pragma once

#include <memory>

#include "lib/train/network.h"
#include "lib/tune/trainer.h"
#include "lib/weightfile/weight_file.h"

namespace rm::train {

class TorchTrainer final : public tune::Trainer {
 public:
  // Exit::kUsage, kModel, kResources.
  static Result<std::unique_ptr<TorchTrainer>> open(const tune::TrainerOptions& o);
  // Over weights from anywhere, with operations of choice; for tests.
  static Result<std::unique_ptr<TorchTrainer>> make(std::unique_ptr<weightfile::WeightFile> file,
                                                    const tune::TrainerOptions& o, bool plain = false);

  tune::TrainerInfo info() const override;
  Result<tune::PassSums> accumulate(const tune::Pass& p) override { return run(p, true); }
  Result<tune::PassSums> evaluate(const tune::Pass& p) override { return run(p, false); }
  Result<std::vector<float>> logprobs(const tune::Pass& p, tune::Under under) override;
  Result<tune::StepSums> step(const tune::StepParams& p) override;
  void drop_gradients() override;
  std::span<const tune::StateTensor> state() const override { return network_->parameters().state(); }
  Result<void> read_state(std::size_t index, std::uint64_t first, std::span<float> to) const override;
  Result<void> write_state(std::size_t index, std::uint64_t first, std::span<const float> from) override;
  std::int64_t steps() const override { return steps_; }
  void set_steps(std::int64_t n) override { steps_ = n; }
  Result<void> read_gradient(std::size_t index, std::uint64_t first, std::span<float> to) const override;
  Result<std::unique_ptr<generate::TokenEngine>> engine(const generate::EngineOptions& o) override;
  Result<void> read_model(const std::string& name, std::uint64_t first, std::span<float> to) const override;

  Network& network() { return *network_; }

 private:
  TorchTrainer(std::unique_ptr<weightfile::WeightFile> file, const tune::TrainerOptions& o)
      : file_(std::move(file)), o_(o) {}
  Result<void> check(const tune::Pass& p) const;
  Result<void> check_sequence(const tune::Pass& p, std::size_t i) const;
  Result<tune::PassSums> run(const tune::Pass& p, bool gradient);
  void renew();

  std::unique_ptr<weightfile::WeightFile> file_;
  tune::TrainerOptions o_;
  std::string isa_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<Network> reference_;  // null: not wanted, or the network without its updates
  std::int64_t steps_ = 0;
  bool stale_ = false;  // masters are newer than the working copies
};

}  // namespace rm::train
