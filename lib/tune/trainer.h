// What a Torch object offers for training: packed token ids in, sums and gradients inside, state out. The seam to LibTorch.
//
// rm_core opens librm_torch_cpu.so or librm_torch_cuda.so (tune/open_trainer.h) and speaks to it only through this
// interface. A Trainer owns weights, gradients and moments. Every virtual returns a Result and lets no exception out. One
// thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/generate/token_engine.h"

namespace rm::tune {

inline constexpr int kTrainerAbi = 1;

struct LoraOptions {
  std::int64_t rank = 0;             // 0: every weight is trained
  double alpha = 0;                  // the update is scaled by alpha / rank
  std::vector<std::string> targets;  // last parts of module names: "q_proj", ...
};

struct TrainerOptions {
  std::string model;             // folder or GGUF
  std::string device = "auto";   // auto, cpu, cuda, cuda:N
  std::string dtype = "auto";    // of the arithmetic: auto, bf16, f32; what is trained is f32 always
  int threads = 0;               // 0: one a core
  std::uint64_t seed = 0;        // of LoRA's first values
  bool deterministic = false;    // the same bits for the same calls, threads and instruction set
  std::int64_t kept_layers = 0;  // whose activations are kept from the forward run; the others are run again
  LoraOptions lora;
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, weight_decay = 0;  // AdamW (arXiv:1711.05101)
};

struct TrainerInfo {
  std::string device, dtype, isa;  // "cpu", "bf16", "avx512-bf16"
  int threads = 0;
  std::uint64_t parameters = 0, trained = 0;  // numbers in the model; of them trained
};

// Whole sequences laid end to end; no token sees another sequence's. Not empty.
struct Pass {
  std::vector<std::int32_t> ids;     // T tokens
  std::vector<std::int64_t> begins;  // where each sequence begins; the first at 0
  std::vector<float> weights;        // T: what the loss of predicting ids[t] from those before it counts; 0: not at all
};

struct PassSums {
  double loss = 0;           // sum of weight * -log p(ids[t])
  double weight = 0;         // sum of weights
  double plain_loss = 0;     // sum of -log p over the targets, unweighted
  std::int64_t targets = 0;  // tokens with a weight
  std::int64_t right = 0;    // of them the most likely one
};

struct StepParams {
  double lr = 0;
  double clip = 0;  // longest gradient; 0: any
};

struct StepSums {
  double grad_norm = 0;  // before clipping
  bool taken = false;    // false: the gradient was not finite; weights and moments are as they were
};

// One tensor that training changes, in one of its three roles. All are f32.
struct StateTensor {
  std::string name;  // "model.layers.0.mlp.up_proj.weight", "...lora_A.weight"
  std::string slot;  // "weight", "exp_avg", "exp_avg_sq"
  std::vector<std::uint64_t> shape;
  std::uint64_t elements() const {
    std::uint64_t n = 1;
    for (const std::uint64_t d : shape) n *= d;
    return n;
  }
};

// Where a tensor stands in a Trainer's state(); empty: it is not there.
std::optional<std::size_t> find_state(std::span<const StateTensor> state, std::string_view name,
                                      std::string_view slot = "weight");

class Trainer {
 public:
  virtual ~Trainer() = default;
  virtual TrainerInfo info() const = 0;

  // Forward and backward; adds to the gradients. kResources "out_of_memory": the gradients are good for nothing;
  // drop_gradients() and begin the batch again in smaller passes.
  virtual Result<PassSums> accumulate(const Pass& p) = 0;
  virtual Result<PassSums> evaluate(const Pass& p) = 0;  // forward alone
  // AdamW with the gradients so far, which are zero afterwards, taken or not.
  virtual Result<StepSums> step(const StepParams& p) = 0;
  virtual void drop_gradients() = 0;  // zero, without a step

  // What a checkpoint holds: the state tensors, and how many steps were taken.
  virtual std::span<const StateTensor> state() const = 0;
  virtual Result<void> read_state(std::size_t index, std::uint64_t first, std::span<float> to) const = 0;
  virtual Result<void> write_state(std::size_t index, std::uint64_t first, std::span<const float> from) = 0;
  virtual std::int64_t steps() const = 0;
  virtual void set_steps(std::int64_t n) = 0;

  // Elements of a gradient, by the index of the tensor's "weight" in state(); for tests.
  virtual Result<void> read_gradient(std::size_t index, std::uint64_t first, std::span<float> to) const = 0;

  // An engine over the weights as they are now: a copy in the engine's own layout, LoRA's update merged. kResources where
  // memory does not hold it.
  virtual Result<std::unique_ptr<generate::TokenEngine>> engine(const generate::EngineOptions& o) const = 0;
  // One tensor of the model by its name (weightfile::plan), LoRA's update merged, in f32: elements from `first` on.
  virtual Result<void> read_model(const std::string& name, std::uint64_t first, std::span<float> to) const = 0;
};

// The exported entry points of a Torch object, extern "C":
//   int rm_trainer_abi();                                                      equals kTrainerAbi
//   int rm_trainer_open(const TrainerOptions*, Trainer** out, Error* error);   0 on success

}  // namespace rm::tune
