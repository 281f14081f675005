// Writes a model folder that Transformers, vLLM and this project load: configuration, tokenizer, safetensors.
//
// From a Hugging Face folder its own configuration and tokenizer files are copied as they are (only the stored type is
// set); from a GGUF they are made of its metadata. Weights are asked for strip by strip, never held as a whole. Every
// file appears complete or not at all and is synced. Weights of an earlier run in the folder are removed first, and
// model.safetensors (or its index) comes last: a folder without it is no model, one with it is this one. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "lib/base/result.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {

// Elements [first, first + to.size()) of a tensor, in f32.
using ReadModel = std::function<Result<void>(const std::string& name, std::uint64_t first, std::span<float> to)>;

struct ModelWriteOptions {
  DType dtype = DType::kBF16;                 // kBF16 or kF32
  std::uint64_t shard_bytes = 5'000'000'000;  // most of a file's tensors together, as save_pretrained's 5 GB
};

// The files beside the weights: config.json, generation_config.json, tokenizer.json, tokenizer_config.json, and a chat
// template where the base has one. Exit::kIo, kModel; kUsage where `folder` is the base's own.
Result<void> write_model_texts(const std::string& folder, const WeightFile& base, DType dtype);
// Those, then the weights: every tensor of plan(base.config()).
Result<void> write_model(const std::string& folder, const WeightFile& base, const ModelWriteOptions& o,
                         const ReadModel& read);

struct LoraTensor {
  std::string module;  // "model.layers.0.self_attn.q_proj"
  std::uint64_t in = 0, out = 0;
};
// A PEFT folder: adapter_config.json, then adapter_model.safetensors (f32). `read` is asked for module +
// ".lora_A.weight" [rank, in] and ".lora_B.weight" [out, rank]. Weights of an earlier run, of a whole model too, are
// removed first. Exit::kIo; kUsage where they would be the base's.
Result<void> write_adapter(const std::string& folder, const std::string& base_model, std::int64_t rank, double alpha,
                           std::span<const std::string> targets, std::span<const LoraTensor> tensors,
                           const ReadModel& read);

}  // namespace rm::weightfile
