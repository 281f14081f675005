// A model as training holds it: the decoder over trained or frozen parameters, and the parameters by name.
//
// Read from a model folder or a GGUF file whatever its types; what is frozen is kept in the compute type, what is trained in f32.
// One thread. Owns everything; addresses stay while it lives.
#pragma once

#include <memory>

#include "lib/model/decoder.h"
#include "lib/model/rope.h"
#include "lib/ops/packed.h"
#include "lib/train/head_loss.h"
#include "lib/train/parameter.h"
#include "lib/train/trained_linear.h"
#include "lib/tune/trainer.h"
#include "lib/weightfile/weight_file.h"

namespace rm::train {

class Network {
 public:
  // Exit::kModel naming the tensor or the LoRA target, kResources. `plain`: the reference operations, for tests.
  static Result<std::unique_ptr<Network>> read(const weightfile::WeightFile& file, const tune::TrainerOptions& o,
                                               at::Device device, at::ScalarType compute, bool plain = false);
  // The same with nothing trained, and no LoRA.
  static Result<std::unique_ptr<Network>> read_frozen(const weightfile::WeightFile& file, at::Device device,
                                                      at::ScalarType compute, bool plain = false);

  const weightfile::ModelConfig& config() const { return config_; }
  const model::Decoder& decoder() const { return *decoder_; }
  ParameterSet& parameters() { return parameters_; }
  const ParameterSet& parameters() const { return parameters_; }
  ops::PackedBackend& backend() { return backend_; }
  at::Device backend_device() const { return backend_.device(); }
  const model::Rope& rope() const { return rope_; }
  Head& head() { return head_; }
  Parameter* embedding() const { return embedding_; }  // the head's where it is tied
  std::int64_t layers() const { return config_.layers; }
  const TrainedLinear& down(std::int64_t layer) const { return *downs_[static_cast<std::size_t>(layer)]; }
  at::ScalarType compute() const { return compute_; }
  const model::Weights& weights() const { return weights_; }
  void set_bare(bool on) { bare_ = on; }  // without LoRA's updates; for forward runs

  // A tensor of the model as it is now, LoRA's update added: [rows, in] or [n], f32, on the host. Empty: no such name.
  at::Tensor model_rows(const std::string& name, std::int64_t first_row, std::int64_t count) const;

 private:
  friend class NetworkReader;
  static Result<std::unique_ptr<Network>> make(const weightfile::WeightFile& file, const tune::TrainerOptions& o,
                                               at::Device device, at::ScalarType compute, bool plain, bool frozen);
  // A matrix that LoRA's update is added to; in state(): module + ".lora_A.weight".
  struct Adapted {
    std::string module;
    Parameter *a = nullptr, *b = nullptr;
    double scale = 1;
  };
  Network(const weightfile::ModelConfig& c, at::Device device, at::ScalarType compute, bool plain)
      : config_(c), backend_(device, compute, plain), compute_(compute), rope_(model::make_rope(c)) {}

  weightfile::ModelConfig config_;
  ops::PackedBackend backend_;
  at::ScalarType compute_;
  model::Rope rope_;
  ParameterSet parameters_;
  model::Weights weights_;
  std::unique_ptr<model::Decoder> decoder_;
  Head head_;
  Parameter* embedding_ = nullptr;
  std::vector<const TrainedLinear*> downs_;
  std::vector<Adapted> adapted_;
  bool bare_ = false;
};

}  // namespace rm::train
