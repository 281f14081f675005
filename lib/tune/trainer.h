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
#include "lib/tune/policy.h"

namespace rm::tune {

inline constexpr int kTrainerAbi = 2;

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
  bool reference =
      false;  // log-probabilities under the weights it began with are wanted: every weight trained, they are held
              // once more, in the type of the arithmetic; with LoRA they are the model without the update
  LoraOptions lora;
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, weight_decay = 0;  // AdamW (arXiv:1711.05101)
};

struct TrainerInfo {
  std::string device, dtype, isa;  // "cpu", "bf16", "avx512-bf16"
  int threads = 0;
  std::uint64_t parameters = 0, trained = 0;  // numbers in the model; of them trained
};

// Whole sequences laid end to end; no token sees another sequence's. Not empty. Several that begin alike may share that part: it is a
// sequence of its own, their `parent`, computed once.
struct Pass {
  std::vector<std::int32_t> ids;     // T tokens
  std::vector<std::int64_t> begins;  // where each sequence begins; the first at 0
  std::vector<float> weights;        // T: what the loss of predicting ids[t] from those before it counts; 0: not at all
  std::vector<std::int64_t>
      parents;  // of each sequence: the earlier one that it goes on from, itself without a parent; -1: none.
                // Empty: none has any
  // Empty: the loss of a token is -log p. Else T, and it is policy_term() by `rule`, for rollouts.
  std::vector<PolicyToken> policy;
  PolicyRule rule;
};

struct PassSums {
  double loss = 0;           // sum of weight * -log p(ids[t])
  double weight = 0;         // sum of weights
  double plain_loss = 0;     // sum of -log p over the targets, unweighted
  std::int64_t targets = 0;  // tokens with a weight
  std::int64_t right = 0;    // of them the most likely one
  // Of rollouts, sums over the targets, unweighted.
  double penalty = 0, entropy = 0;  // k3; of the next token's distribution, in nats
  double drift = 0;                 // old - log p: how far the policy has moved in the batch, as a KL divergence
  double gap = 0, most_gap = 0;     // |log p as sampled - old, or log p where that is not known|: their sum, and the largest
  std::int64_t clipped = 0;
};
PassSums& operator+=(PassSums& a, const PassSums& b);

enum class Under { kNow, kReference };

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
  // log p(ids[t]) of every token with a weight, 0 of the others: T numbers. kReference: TrainerOptions::reference was set.
  virtual Result<std::vector<float>> logprobs(const Pass& p, Under under) = 0;
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

  // An engine over these very weights, LoRA's update in place: what it says changes with them, so it is let go before the next
  // step. In another type than the arithmetic's (`o.dtype`) it holds a copy as they are now, in its own layout. The Trainer
  // outlives it. kResources where memory does not hold it.
  virtual Result<std::unique_ptr<generate::TokenEngine>> engine(const generate::EngineOptions& o) = 0;
  // One tensor of the model by its name (weightfile::plan), LoRA's update merged, in f32: elements from `first` on.
  virtual Result<void> read_model(const std::string& name, std::uint64_t first, std::span<float> to) const = 0;
};

// The exported entry points of a Torch object, extern "C":
//   int rm_trainer_abi();                                                      equals kTrainerAbi
//   int rm_trainer_open(const TrainerOptions*, Trainer** out, Error* error);   0 on success

}  // namespace rm::tune
