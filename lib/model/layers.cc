#include "lib/model/layers.h"

namespace rm::model {
namespace {

Result<LayerWeights> read_layer(WeightSource& s, const weightfile::ModelConfig& c, std::int64_t index) {
  const std::string at = "model.layers." + std::to_string(index) + ".", attention = at + "self_attn.",
                    mlp = at + "mlp.";
  LayerWeights w;
  RM_ASSIGN(w.attention_norm_D, s.vector(at + "input_layernorm.weight"));
  RM_ASSIGN(w.qkv, s.linear(kQkv, {attention + "q_proj", attention + "k_proj", attention + "v_proj"}, c.qkv_bias));
  if (c.qk_norm) {
    RM_ASSIGN(w.head_norms.q_C, s.vector(attention + "q_norm.weight"));
    RM_ASSIGN(w.head_norms.k_C, s.vector(attention + "k_norm.weight"));
    w.head_norms.eps = c.norm_eps;
  }
  RM_ASSIGN(w.o, s.linear(kO, {attention + "o_proj"}, c.o_bias));
  RM_ASSIGN(w.ffn_norm_D, s.vector(at + "post_attention_layernorm.weight"));
  RM_ASSIGN(w.gate_up, s.linear(kGateUp, {mlp + "gate_proj", mlp + "up_proj"}, c.mlp_bias));
  RM_ASSIGN(w.down, s.linear(kDown, {mlp + "down_proj"}, c.mlp_bias));
  return w;
}

}  // namespace

Result<void> read_weights(WeightSource& s, const weightfile::ModelConfig& c, Weights& to) {
  if (!c.tied) {
    RM_ASSIGN(to.embedding, s.table(kEmbedding));
  }
  for (std::int64_t i = 0; i < c.layers; ++i) {
    RM_ASSIGN(LayerWeights layer, read_layer(s, c, i));
    to.layers.push_back(std::move(layer));
  }
  RM_ASSIGN(to.norm_D, s.vector(kFinalNorm));
  RM_ASSIGN(to.head, s.linear(kHead, {c.tied ? kEmbedding : "lm_head"}, false));
  return {};
}

}  // namespace rm::model
