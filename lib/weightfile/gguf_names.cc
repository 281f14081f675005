#include <algorithm>
#include <utility>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "lib/weightfile/gguf_model.h"

namespace rm::weightfile::gguf {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr Pair kFixed[] = {{"token_embd.weight", "model.embed_tokens.weight"},
                           {"output_norm.weight", "model.norm.weight"},
                           {"output.weight", "lm_head.weight"}};

constexpr Pair kInLayer[] = {{"attn_norm", "input_layernorm"},    {"attn_q", "self_attn.q_proj"},
                             {"attn_k", "self_attn.k_proj"},      {"attn_v", "self_attn.v_proj"},
                             {"attn_output", "self_attn.o_proj"}, {"attn_q_norm", "self_attn.q_norm"},
                             {"attn_k_norm", "self_attn.k_norm"}, {"ffn_norm", "post_attention_layernorm"},
                             {"ffn_gate", "mlp.gate_proj"},       {"ffn_up", "mlp.up_proj"},
                             {"ffn_down", "mlp.down_proj"}};

template <std::size_t N>
std::string_view look_up(const Pair (&table)[N], std::string_view key) {
  for (const auto& [from, to] : table)
    if (from == key) return to;
  return {};
}

// Converters for the Llama architecture reorder q and k (weights and biases) for neighbouring rotary pairs.
bool is_interleaved(std::string_view hf) {
  return hf.find(".self_attn.q_proj.") != hf.npos || hf.find(".self_attn.k_proj.") != hf.npos;
}

}  // namespace

std::string hf_name(std::string_view n) {
  if (const auto fixed = look_up(kFixed, n); !fixed.empty()) return std::string(fixed);
  constexpr std::string_view kBlock = "blk.";
  if (!n.starts_with(kBlock)) return std::string(n);
  const std::string_view rest = n.substr(kBlock.size());
  const std::size_t dot = rest.find('.'), last = rest.rfind('.');
  if (dot == rest.npos || last == dot) return std::string(n);
  const std::string_view number = rest.substr(0, dot), module = rest.substr(dot + 1, last - dot - 1);
  const auto layer = parse_unsigned(number);
  const auto to = look_up(kInLayer, module);
  const std::string_view kind = rest.substr(last + 1);
  if (!layer || std::to_string(*layer) != number || to.empty() || (kind != "weight" && kind != "bias"))
    return std::string(n);
  return "model.layers." + std::string(number) + "." + std::string(to) + "." + std::string(kind);
}

Result<std::vector<TensorInfo>> tensors(const Header& h, Arch arch, const std::string& file) {
  std::vector<TensorInfo> out;
  out.reserve(h.tensors().size());
  for (const Tensor& t : h.tensors()) {
    if (t.name == kRopeFactors) continue;
    TensorInfo info;
    info.name = hf_name(t.name);
    info.dtype = t.dtype;
    info.shape = t.shape;
    info.bytes = t.bytes;
    info.offset = t.offset;
    info.interleaved_heads = arch == Arch::kLlama && is_interleaved(info.name);
    out.push_back(std::move(info));
  }
  std::sort(out.begin(), out.end(), [](const TensorInfo& a, const TensorInfo& b) { return a.name < b.name; });
  const auto twin = std::adjacent_find(out.begin(), out.end(),
                                       [](const TensorInfo& a, const TensorInfo& b) { return a.name == b.name; });
  if (twin != out.end())
    return make_error(Exit::kModel, "bad_gguf", "the name is there twice",
                      file + ": tensor " + escape_text(twin->name));
  return out;
}

}  // namespace rm::weightfile::gguf
