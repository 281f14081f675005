// What a decoder-only model looks like: read from config.json or GGUF metadata, every number checked before it is used.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace rm::weightfile {

enum class Arch { kLlama, kQwen2, kQwen3 };

// Rotary position scaling. Formulas: transformers' modeling_rope_utils (linear, llama3, yarn).
// kFactors: a GGUF of Llama 3 carries no formula but one divisor for each inverse frequency (its rope_freqs tensor).
struct RopeScaling {
  enum class Kind { kNone, kLinear, kLlama3, kYarn, kFactors } kind = Kind::kNone;
  double factor = 1.0;
  double low_freq_factor = 1.0, high_freq_factor = 4.0;  // llama3
  double beta_fast = 32.0, beta_slow = 1.0;              // yarn
  double attention_factor = 0.0;                         // yarn; 0: 0.1 ln(factor) + 1
  bool truncate = true;                                  // yarn: round the correction range to whole dimensions
  std::int64_t original_context = 0;                     // llama3, yarn
  std::vector<float> factors;                            // kFactors: head_dim / 2 divisors, each finite and > 0
};

struct ModelConfig {
  Arch arch = Arch::kQwen2;
  std::int64_t layers = 0, hidden = 0, heads = 0, kv_heads = 0, head_dim = 0, ffn = 0, vocab = 0, context = 0;
  double norm_eps = 1e-6;
  double rope_theta = 10000.0;
  RopeScaling rope;
  bool tied = false;                      // the head is the embedding
  bool qkv_bias = false;                  // Qwen2
  bool o_bias = false, mlp_bias = false;  // Llama configs may ask for them
  bool qk_norm = false;                   // Qwen3
  std::vector<std::int32_t> eos;          // config and generation_config, or GGUF's, without repeats
  std::int32_t bos = -1;
};

// The name configs use: "llama", "qwen2", "qwen3".
const char* name(Arch a);

// From the text of config.json and, where it exists, generation_config.json (else empty). Exit::kModel naming the field.
Result<ModelConfig> config_from_json(std::string_view config, std::string_view generation_config);
// Ranges and relations that hold for every source (head counts, ids in range, theta finite, sizes bounded).
Result<void> check(const ModelConfig& c);

}  // namespace rm::weightfile
