// What a GGUF file says about its model, in Hugging Face's words: names of tensors and the configuration.
//
// Keys and tensor names: llama.cpp's gguf-py (constants.py, tensor_mapping.py) for llama, qwen2 and qwen3. Pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/weightfile/gguf.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile::gguf {

// The tensor holding the divisors of Llama 3's RoPE; no weight of the decoder.
inline constexpr std::string_view kRopeFactors = "rope_freqs.weight";

// "blk.3.attn_q.weight" -> "model.layers.3.self_attn.q_proj.weight". A name we do not know comes back as it is.
std::string hf_name(std::string_view gguf_name);

// Tensors by name, with Hugging Face names; kRopeFactors left out. `arch` decides whether q and k are interleaved.
Result<std::vector<TensorInfo>> tensors(const Header& h, Arch arch, const std::string& file);

// Exit::kModel, reason "unknown_architecture" naming what is supported.
Result<Arch> architecture(const Header& h, const std::string& file);

// `rope_factors` is kRopeFactors' content, or empty where the file has none. Exit::kModel naming the key.
Result<ModelConfig> config(const Header& h, std::span<const float> rope_factors, const std::string& file);

}  // namespace rm::weightfile::gguf
