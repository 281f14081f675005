// Builds Hugging Face model folders, right or wrong, for tests: config, safetensors of any size (sparse), index.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "tests/lib/weightfile/gguf_builder.h"

namespace rm::weightfile::testing {

// A folder of its own, removed at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / ("rm-weightfile-" + std::string(6, 'X'))).string();
    if (const char* made = ::mkdtemp(name.data())) path_ = made;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string at(std::string_view name) const { return path_ + "/" + std::string(name); }
  std::string write(std::string_view name, std::string_view text) const {
    std::ofstream(at(name), std::ios::binary) << text;
    return at(name);
  }

 private:
  std::string path_;
};

using Shape = std::vector<std::uint64_t>;
using Tensors = std::vector<std::pair<std::string, Shape>>;

inline std::uint64_t elements(const Shape& s) {
  std::uint64_t n = 1;
  for (const std::uint64_t d : s) n *= d;
  return n;
}

// The header of a file with these bf16 tensors one after the other; *data is how many bytes they take.
inline std::string safetensors_header(const Tensors& tensors, std::uint64_t* data) {
  std::string text;
  json::Writer w(text);
  w.begin_object().key("__metadata__").begin_object().member("format", "pt").end_object();
  *data = 0;
  for (const auto& [name, shape] : tensors) {
    w.key(name).begin_object().member("dtype", "BF16").key("shape").begin_array();
    for (const std::uint64_t d : shape) w.value(d);
    w.end_array().key("data_offsets").begin_array().value(*data);
    *data += 2 * elements(shape);
    w.value(*data).end_array().end_object();
  }
  w.end_object();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

// A safetensors file of this header, then `data` zero bytes that take no room on disk.
inline void write_safetensors(const std::string& path, std::string_view header, std::uint64_t data) {
  {
    std::ofstream f(path, std::ios::binary);
    f << le<std::uint64_t>(header.size()) << header;
  }
  std::filesystem::resize_file(path, 8 + header.size() + data);
}
inline void write_safetensors(const std::string& path, const Tensors& tensors) {
  std::uint64_t data = 0;
  const std::string header = safetensors_header(tensors, &data);
  write_safetensors(path, header, data);
}

inline std::string index_text(const std::map<std::string, std::string>& files) {
  std::string text;
  json::Writer w(text);
  w.begin_object().key("metadata").begin_object().member("total_size", std::uint64_t{1}).end_object();
  w.key("weight_map").begin_object();
  for (const auto& [tensor, file] : files) w.member(tensor, file);
  w.end_object().end_object();
  return text;
}

// A whole small Qwen2 model as config.json has it, and its tensors.
inline std::string tiny_config() {
  return R"({"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 8, "intermediate_size": 12,
"num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 8, "max_position_embeddings": 64,
"rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "tie_word_embeddings": false, "hidden_act": "silu", "eos_token_id": 5})";
}
inline Tensors tiny_tensors() {
  const std::string l = "model.layers.0.";
  return {{"model.embed_tokens.weight", {8, 8}},
          {l + "input_layernorm.weight", {8}},
          {l + "self_attn.q_proj.weight", {8, 8}},
          {l + "self_attn.q_proj.bias", {8}},
          {l + "self_attn.k_proj.weight", {4, 8}},
          {l + "self_attn.k_proj.bias", {4}},
          {l + "self_attn.v_proj.weight", {4, 8}},
          {l + "self_attn.v_proj.bias", {4}},
          {l + "self_attn.o_proj.weight", {8, 8}},
          {l + "post_attention_layernorm.weight", {8}},
          {l + "mlp.gate_proj.weight", {12, 8}},
          {l + "mlp.up_proj.weight", {12, 8}},
          {l + "mlp.down_proj.weight", {8, 12}},
          {"model.norm.weight", {8}},
          {"lm_head.weight", {8, 8}}};
}

// A tokenizer.json of the Qwen2 kind for the same eight ids.
inline std::string tiny_tokenizer() {
  return R"({"version": "1.0", "added_tokens": [
{"id": 5, "content": "<|end|>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
{"id": 6, "content": "<tool>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": false}],
"normalizer": {"type": "NFC"}, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex":
"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},
"behavior": "Isolated", "invert": false}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}]},
"post_processor": {"type": "ByteLevel", "add_prefix_space": false}, "decoder": {"type": "ByteLevel"},
"model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "", "end_of_word_suffix": "",
"fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
"vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4}, "merges": ["a b", "ab c"]}})";
}

inline void write_tiny_folder(const TempFolder& f) {
  f.write("config.json", tiny_config());
  write_safetensors(f.at("model.safetensors"), tiny_tensors());
  f.write("tokenizer.json", tiny_tokenizer());
}

// `text` with its first `from` changed into `to`.
inline std::string with(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  return at == text.npos ? "the text to change is not there" : text.replace(at, from.size(), to);
}

}  // namespace rm::weightfile::testing
