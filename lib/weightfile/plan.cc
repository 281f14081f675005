#include <algorithm>

#include "lib/base/escape.h"
#include "lib/weightfile/safetensors.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {
namespace {

std::uint64_t u(std::int64_t v) { return static_cast<std::uint64_t>(v); }

void add_layer(const ModelConfig& c, std::int64_t layer, std::vector<Planned>& out) {
  const std::string at = "model.layers." + std::to_string(layer) + ".";
  const std::uint64_t d = u(c.hidden), f = u(c.ffn), q = u(c.heads) * u(c.head_dim), kv = u(c.kv_heads) * u(c.head_dim);
  const auto linear = [&](const char* module, std::uint64_t rows, std::uint64_t columns, bool bias) {
    out.push_back({at + module + ".weight", {rows, columns}});
    if (bias) out.push_back({at + module + ".bias", {rows}});
  };
  out.push_back({at + "input_layernorm.weight", {d}});
  linear("self_attn.q_proj", q, d, c.qkv_bias);
  linear("self_attn.k_proj", kv, d, c.qkv_bias);
  linear("self_attn.v_proj", kv, d, c.qkv_bias);
  if (c.qk_norm) {
    out.push_back({at + "self_attn.q_norm.weight", {u(c.head_dim)}});
    out.push_back({at + "self_attn.k_norm.weight", {u(c.head_dim)}});
  }
  linear("self_attn.o_proj", d, q, c.o_bias);
  out.push_back({at + "post_attention_layernorm.weight", {d}});
  linear("mlp.gate_proj", f, d, c.mlp_bias);
  linear("mlp.up_proj", f, d, c.mlp_bias);
  linear("mlp.down_proj", d, f, c.mlp_bias);
}

// Tensors that older savers leave in a file and that nothing needs.
bool is_leftover(const ModelConfig& c, const TensorInfo& t) {
  if (t.name.starts_with("model.layers.") && t.name.ends_with(".self_attn.rotary_emb.inv_freq")) return true;
  return c.tied && t.name == "lm_head.weight" && t.shape == std::vector<std::uint64_t>{u(c.vocab), u(c.hidden)};
}

Error bad(const WeightFile& f, std::string_view tensor, std::string message) {
  return make_error(Exit::kModel, "bad_weights", std::move(message), f.path() + ": tensor " + escape_text(tensor));
}

Result<void> check_one(const WeightFile& f, const Planned& p) {
  const TensorInfo* t = f.find(p.name);
  if (!t)
    return bad(
        f, p.name,
        std::string("is missing") +
            (p.name == "lm_head.weight" ? ": the configuration says the head is not tied to the embedding" : ""));
  if (t->shape == p.shape) return {};
  std::vector<std::uint64_t> turned(p.shape.rbegin(), p.shape.rend());
  return bad(f, p.name,
             "has shape " + shape_text(t->shape) + "; the configuration asks for " + shape_text(p.shape) +
                 (t->shape == turned ? ": it is transposed" : ""));
}

}  // namespace

std::vector<Planned> plan(const ModelConfig& c) {
  std::vector<Planned> out;
  out.push_back({"model.embed_tokens.weight", {u(c.vocab), u(c.hidden)}});
  for (std::int64_t layer = 0; layer < c.layers; ++layer) add_layer(c, layer, out);
  out.push_back({"model.norm.weight", {u(c.hidden)}});
  if (!c.tied) out.push_back({"lm_head.weight", {u(c.vocab), u(c.hidden)}});
  return out;
}

Result<void> check_against_plan(const WeightFile& f) {
  const std::vector<Planned> wanted = plan(f.config());
  for (const Planned& p : wanted) RM_TRY(check_one(f, p));
  std::vector<std::string_view> names;
  for (const Planned& p : wanted) names.push_back(p.name);
  std::sort(names.begin(), names.end());
  for (const TensorInfo& t : f.tensors())
    if (!std::binary_search(names.begin(), names.end(), std::string_view(t.name)) && !is_leftover(f.config(), t))
      return bad(f, t.name,
                 std::string("is not part of a ") + name(f.config().arch) +
                     " model of this configuration (an adapter or another architecture?)");
  return {};
}

}  // namespace rm::weightfile
