// Builds GGUF files byte by byte, right or wrong, for tests.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace rm::weightfile::testing {

// ggml's numbers.
enum GgufType : std::uint32_t {
  kGgufU8,
  kGgufI8,
  kGgufU16,
  kGgufI16,
  kGgufU32,
  kGgufI32,
  kGgufF32,
  kGgufBool,
  kGgufString,
  kGgufArray,
  kGgufU64,
  kGgufI64,
  kGgufF64
};
enum GgmlType : std::uint32_t {
  kGgmlF32 = 0,
  kGgmlF16 = 1,
  kGgmlQ4_0 = 2,
  kGgmlQ8_0 = 8,
  kGgmlQ4_K = 12,
  kGgmlQ8_K = 15
};

template <class T>
std::string le(T v) {
  static_assert(std::is_arithmetic_v<T>);
  std::string s(sizeof v, '\0');
  std::memcpy(s.data(), &v, sizeof v);
  return s;
}
inline std::string gguf_string(std::string_view s) { return le<std::uint64_t>(s.size()) + std::string(s); }

class GgufBuilder {
 public:
  std::string magic = "GGUF";
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;  // what offsets are padded to; says nothing in the file by itself
  std::optional<std::uint64_t> claimed_tensors, claimed_keys;

  GgufBuilder& raw(std::string_view key, std::uint32_t type, std::string_view bytes) {
    keys_.push_back(gguf_string(key) + le(type) + std::string(bytes));
    return *this;
  }
  GgufBuilder& u32(std::string_view key, std::uint32_t v) { return raw(key, kGgufU32, le(v)); }
  GgufBuilder& f32(std::string_view key, float v) { return raw(key, kGgufF32, le(v)); }
  GgufBuilder& flag(std::string_view key, bool v) { return raw(key, kGgufBool, le<std::uint8_t>(v)); }
  GgufBuilder& text(std::string_view key, std::string_view v) { return raw(key, kGgufString, gguf_string(v)); }
  GgufBuilder& texts(std::string_view key, const std::vector<std::string>& v) {
    std::string s = le<std::uint32_t>(kGgufString) + le<std::uint64_t>(v.size());
    for (const std::string& t : v) s += gguf_string(t);
    return raw(key, kGgufArray, s);
  }
  GgufBuilder& i32s(std::string_view key, const std::vector<std::int32_t>& v) {
    std::string s = le<std::uint32_t>(kGgufI32) + le<std::uint64_t>(v.size());
    for (const std::int32_t i : v) s += le(i);
    return raw(key, kGgufArray, s);
  }
  GgufBuilder& drop_key(std::string_view key) {
    std::erase_if(keys_, [&](const std::string& k) { return k.starts_with(gguf_string(key)); });
    return *this;
  }

  struct Tensor {
    std::string name;
    std::vector<std::uint64_t> dims;  // as in the file: innermost first
    std::uint32_t type = kGgmlF32;
    std::string data;
    std::optional<std::uint64_t> offset;  // instead of the right one
  };
  std::vector<Tensor> tensors;
  // A tensor of floats, all `fill`.
  GgufBuilder& floats(std::string name, std::vector<std::uint64_t> dims, float fill = 0.5f) {
    std::uint64_t n = 1;
    for (const std::uint64_t d : dims) n *= d;
    std::string data;
    for (std::uint64_t i = 0; i < n; ++i) data += le(fill);
    tensors.push_back({std::move(name), std::move(dims), kGgmlF32, std::move(data), {}});
    return *this;
  }

  std::string build() const {
    std::string out = magic + le(version) + le<std::uint64_t>(claimed_tensors.value_or(tensors.size())) +
                      le<std::uint64_t>(claimed_keys.value_or(keys_.size()));
    for (const std::string& k : keys_) out += k;
    std::uint64_t at = 0;
    for (const Tensor& t : tensors) {
      out += gguf_string(t.name) + le<std::uint32_t>(static_cast<std::uint32_t>(t.dims.size()));
      for (const std::uint64_t d : t.dims) out += le(d);
      out += le(t.type) + le<std::uint64_t>(t.offset.value_or(at));
      at += (t.data.size() + alignment - 1) / alignment * alignment;
    }
    for (const Tensor& t : tensors) {
      out.resize((out.size() + alignment - 1) / alignment * alignment);
      out += t.data;
    }
    return out;
  }

 private:
  std::vector<std::string> keys_;
};

// A whole small model: one layer, eight tokens, hidden size 8.
inline GgufBuilder tiny_gguf(const std::string& arch = "llama") {
  GgufBuilder b;
  b.text("general.architecture", arch).u32(arch + ".block_count", 1).u32(arch + ".context_length", 64);
  b.u32(arch + ".embedding_length", 8).u32(arch + ".feed_forward_length", 12);
  b.u32(arch + ".attention.head_count", 2).u32(arch + ".attention.head_count_kv", 1);
  b.f32(arch + ".attention.layer_norm_rms_epsilon", 1e-5f).f32(arch + ".rope.freq_base", 10000.f);
  b.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", arch == "llama" ? "llama-bpe" : "qwen2");
  b.texts("tokenizer.ggml.tokens", {"a", "b", "c", "ab", "abc", "<|end|>", "<tool>", "[PAD7]"});
  b.i32s("tokenizer.ggml.token_type", {1, 1, 1, 1, 1, 3, 4, 5}).texts("tokenizer.ggml.merges", {"a b", "ab c"});
  b.u32("tokenizer.ggml.eos_token_id", 5).u32("tokenizer.ggml.bos_token_id", 5);
  b.text("tokenizer.chat_template", "{% for m in messages %}").flag("tokenizer.ggml.add_bos_token", false);
  b.floats("token_embd.weight", {8, 8}).floats("output_norm.weight", {8}).floats("output.weight", {8, 8});
  b.floats("blk.0.attn_norm.weight", {8}).floats("blk.0.ffn_norm.weight", {8});
  b.floats("blk.0.attn_q.weight", {8, 8}).floats("blk.0.attn_k.weight", {8, 4}).floats("blk.0.attn_v.weight", {8, 4});
  b.floats("blk.0.attn_output.weight", {8, 8});
  if (arch == "qwen2")
    b.floats("blk.0.attn_q.bias", {8}).floats("blk.0.attn_k.bias", {4}).floats("blk.0.attn_v.bias", {4});
  if (arch == "qwen3") b.floats("blk.0.attn_q_norm.weight", {4}).floats("blk.0.attn_k_norm.weight", {4});
  b.floats("blk.0.ffn_gate.weight", {8, 12})
      .floats("blk.0.ffn_up.weight", {8, 12})
      .floats("blk.0.ffn_down.weight", {12, 8});
  return b;
}

}  // namespace rm::weightfile::testing
