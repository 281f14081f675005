#include "lib/model/decoder.h"

#include <cmath>

namespace rm::model {

std::uint64_t Weights::bytes() const {
  std::uint64_t n = norm_D.nbytes() + head->info().bytes + (embedding ? embedding->bytes() : 0);
  for (const LayerWeights& l : layers) {
    n += l.attention_norm_D.nbytes() + l.ffn_norm_D.nbytes();
    for (const auto* linear : {&l.qkv, &l.o, &l.gate_up, &l.down}) n += (*linear)->info().bytes;
  }
  return n;
}

Decoder::Decoder(const weightfile::ModelConfig& c, const Weights& weights, ops::Backend& backend,
                 at::ScalarType compute)
    : w_(weights),
      ops_(backend),
      compute_(compute),
      heads_{c.heads, c.kv_heads, c.head_dim},
      norm_eps_(c.norm_eps),
      scale_(1.0 / std::sqrt(static_cast<double>(c.head_dim))) {}

at::Tensor Decoder::embed(const ops::Batch& b) const {
  return w_.embedding ? w_.embedding->rows(b.ids_T) : w_.head->rows(b.ids_T);
}

void Decoder::layer(std::size_t index, at::Tensor& x_TD, const ops::Batch& b, ops::LayerCache& cache) const {
  const LayerWeights& w = w_.layers[index];

  at::Tensor h_TD = ops_.rms_norm(x_TD, w.attention_norm_D, norm_eps_, compute_);
  const at::Tensor qkv_TX = w.qkv->forward(h_TD, at::kFloat);
  const at::Tensor q_THC = ops_.rope_and_store(qkv_TX, b, heads_, w.head_norms, cache);
  const at::Tensor mixed_TA = ops_.attend(q_THC, b, heads_, scale_, cache);  // A = H * C
  ops_.add(x_TD, w.o->forward(mixed_TA, at::kFloat));

  h_TD = ops_.rms_norm(x_TD, w.ffn_norm_D, norm_eps_, compute_);
  const at::Tensor gate_up_T2F = w.gate_up->forward(h_TD, compute_);
  ops_.add(x_TD, w.down->forward(ops_.swiglu(gate_up_T2F), at::kFloat));
}

at::Tensor Decoder::logits(const at::Tensor& x_RD) const {
  return w_.head->forward(ops_.rms_norm(x_RD, w_.norm_D, norm_eps_, compute_), at::kFloat);
}

}  // namespace rm::model
