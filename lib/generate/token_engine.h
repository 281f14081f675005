// What a Torch object offers the rest of the program: token ids in, token ids out. The seam between core and LibTorch.
//
// rm_core loads librm_torch_cpu.so or librm_torch_cuda.so on first use of a local model (generate/local.h) and speaks to
// it only through this interface. Every virtual returns a Result and lets no exception out. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"

namespace rm::generate {

inline constexpr int kEngineAbi = 3;

struct EngineOptions {
  std::string model;            // folder or GGUF
  std::string adapter;          // PEFT LoRA folder, or empty
  std::string device = "auto";  // auto, cpu, cuda, cuda:N
  std::string dtype = "auto";   // auto, f32, bf16, f16
  int threads = 0;              // 0: one a core
  int batch = 0;                // most sequences decoded at once; 0: what memory allows, at most 32
  std::int64_t context = 0;     // tokens of one sequence, prompt and reply; 0: the model's, bounded by memory
  bool deterministic = false;   // the same bytes whatever the batch make-up
  int draft = 16;               // most tokens guessed ahead of a reply in one step; 0: none. Never changes a reply
};

struct EngineInfo {
  std::int64_t vocab = 0, context = 0;  // context: what one sequence may hold
  int batch = 0;
  std::string device, dtype, isa;  // "cpu", "bf16", "avx512-bf16"
  std::uint64_t weight_bytes = 0, cache_bytes = 0;
};

using SequenceId = std::uint64_t;

struct TokenRequest {
  SequenceId id = 0;                 // chosen by the caller, unique among those alive
  std::vector<std::int32_t> prompt;  // at least one token
  std::int64_t max_tokens = 0;  // >= 1; prompt + max_tokens may exceed the context: the reply then ends with kLength
  double temperature = 0, top_p = 1;  // temperature 0: greedy, ties to the lowest id
  std::uint64_t seed = 0;             // the whole randomness of this sequence
  std::vector<std::int32_t> stop;     // any of these ends the reply (and is not part of it)
  std::vector<std::int32_t> watch;    // report these ids' log-probabilities at every generated token
  std::vector<std::int32_t> forced;   // emit exactly these instead of sampling (teacher forcing), then stop
};

enum class Finish { kStop, kLength, kCancelled };

struct TokenEvent {
  SequenceId id = 0;
  std::int32_t token = -1;       // -1: no token, only the end
  float logprob = 0;             // of the token, or of `stop`, at temperature 1
  std::int32_t argmax = -1;      // most likely token at this place
  std::vector<float> watched;    // parallel to TokenRequest::watch
  std::optional<Finish> finish;  // the sequence is over; its id is free again
  std::int32_t stop = -1;        // with kStop: which of TokenRequest::stop ended it; -1: a given reply came to its end
};

// What an engine has done since it was opened.
struct EngineStats {
  std::int64_t steps = 0, decode_steps = 0;              // forward passes; of them with tokens of replies
  std::int64_t prefill_tokens = 0, decode_tokens = 0;    // positions computed of prompts and given replies; of replies
  std::int64_t shared_tokens = 0, preempted = 0;         // positions found in the cache; times a sequence was put back
  std::int64_t drafted_tokens = 0, accepted_tokens = 0;  // guesses ahead; those that came true, also in decode_tokens
  double seconds = 0, model_seconds = 0, sample_seconds = 0;  // inside step(); of it in the model; in sampling
};

class TokenEngine {
 public:
  virtual ~TokenEngine() = default;
  virtual EngineInfo info() const = 0;
  virtual EngineStats stats() const { return {}; }
  // Queues a sequence. Error reason "too_long" (Exit::kInput) when the prompt leaves no room for one token in the context.
  virtual Result<void> submit(TokenRequest r) = 0;
  virtual Result<void> cancel(SequenceId id) = 0;  // its last event has Finish::kCancelled
  virtual std::size_t alive() const = 0;           // queued and running
  // One scheduling step: prefill chunks and one decode token for every running sequence. Empty only when nothing is alive.
  virtual Result<std::vector<TokenEvent>> step() = 0;
};

// The exported entry points of a Torch object: extern "C", looked up by name.
//   int rm_engine_abi();                                              equals kEngineAbi
//   rm::Result<...>* is avoided: the engine or the error comes out through the two pointers.
//   int rm_engine_open(const EngineOptions*, TokenEngine** out, Error* error);   0 on success

}  // namespace rm::generate
