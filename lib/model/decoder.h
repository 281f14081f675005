// The decoder of Llama, Qwen2, Qwen2.5 and Qwen3: the mathematics of one step, and nothing else. Start reading here.
//
// T tokens of all sequences of the step, D model width, X = (H + 2K) * C: queries of H heads, then keys and values of
// K heads, each of width C; F feed-forward width, V vocabulary, R rows whose logits are wanted. Suffixes of names are
// shapes: x_TD is [T, D].
//
// The residual stream x_TD is f32; what goes into a matrix has the compute type (bf16 or f32). Weights are lent and must
// outlive the decoder; the cache is the caller's. Device-agnostic: every operation is the backend's. Throws what ATen
// throws.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "lib/model/linear.h"
#include "lib/ops/backend.h"
#include "lib/weightfile/config.h"

namespace rm::model {

struct LayerWeights {
  at::Tensor attention_norm_D, ffn_norm_D;  // f32
  std::unique_ptr<Linear> qkv;              // [X, D]: q_proj, k_proj, v_proj, with their biases (Qwen2)
  ops::HeadNorms head_norms;                // Qwen3
  std::unique_ptr<Linear> o;                // [D, H * C]
  std::unique_ptr<Linear> gate_up;          // [2 F, D]: gate_proj, up_proj
  std::unique_ptr<Linear> down;             // [D, F]
};

struct Weights {
  std::unique_ptr<RowTable> embedding;  // [V, D]; null: tied, the head's rows
  std::vector<LayerWeights> layers;
  at::Tensor norm_D;             // f32
  std::unique_ptr<Linear> head;  // [V, D]
  std::uint64_t bytes() const;
};

class Decoder {
 public:
  Decoder(const weightfile::ModelConfig& config, const Weights& weights, ops::Backend& backend, at::ScalarType compute);

  at::Tensor embed(const ops::Batch& b) const;  // x_TD
  // x_TD through one layer, in place; keys and values of the step go to the layer's cache.
  void layer(std::size_t index, at::Tensor& x_TD, const ops::Batch& b, ops::LayerCache& cache) const;
  at::Tensor logits(const at::Tensor& x_RD) const;  // f32 [R, V]

  const ops::HeadShape& heads() const { return heads_; }
  at::ScalarType compute() const { return compute_; }

 private:
  const Weights& w_;
  ops::Backend& ops_;
  at::ScalarType compute_;
  ops::HeadShape heads_;
  double norm_eps_, scale_;
};

}  // namespace rm::model
