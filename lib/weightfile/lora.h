// A LoRA adapter as PEFT saves it: adapter_config.json and adapter_model.safetensors, as checked views, no tensors.
//
// W' = W + scale * B A, scale = alpha / r, or alpha / sqrt(r) with use_rslora. Variants that compute something else (DoRA,
// trained biases, fully trained modules, patterns of ranks) are refused by name (Exit::kModel). Immutable after open;
// read() is safe from several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {

struct LoraModule {
  std::string module;  // "model.layers.0.self_attn.q_proj"
  TensorInfo a;        // [r, in]
  TensorInfo b;        // [out, r]
};

struct LoraConfig {
  std::int64_t r = 0;
  double scale = 0.0;
  std::vector<std::string> targets;  // as written; empty where the file gives an expression instead of a list
  std::string base_model;            // name_or_path of the base, as written
};

// From the text of adapter_config.json.
Result<LoraConfig> lora_config_from_json(std::string_view text);
// Pairs A and B and gives them the base model's module names. `tensors` come from the adapter's file.
Result<std::vector<LoraModule>> pair_lora(std::span<const TensorInfo> tensors, const LoraConfig& c,
                                          const std::string& file);

class LoraFile {
 public:
  static Result<std::unique_ptr<LoraFile>> open(const std::string& folder);
  ~LoraFile();

  const std::string& path() const;
  const LoraConfig& config() const;
  std::span<const LoraModule> modules() const;  // by module name
  Result<void> read(const TensorInfo& t, std::uint64_t begin, std::span<std::byte> dst) const;
  Result<std::vector<float>> floats(const TensorInfo& t) const;  // all of a matrix
  // Every module is a linear layer of this model and has its sizes.
  Result<void> check_against(const ModelConfig& base) const;

 private:
  struct Impl;
  explicit LoraFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rm::weightfile
