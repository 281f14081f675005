// What a decoder is made of: the one list of its tensors' names, and where each goes.
//
// Whoever has weights (a file that is judged with, a model in training) is a WeightSource; what it makes of a matrix is its own
// business. One thread. Errors are the source's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/decoder.h"
#include "lib/model/kind.h"

namespace rm::model {

class WeightSource {
 public:
  virtual ~WeightSource() = default;
  // The modules' weights stacked by rows, with their biases where `bias`; names without ".weight".
  virtual Result<std::unique_ptr<Linear>> linear(Kind kind, const std::vector<std::string>& modules, bool bias) = 0;
  virtual Result<std::unique_ptr<RowTable>> table(const std::string& module) = 0;  // only its rows are wanted
  virtual Result<at::Tensor> vector(const std::string& name) = 0;                  // f32
};

inline constexpr const char* kEmbedding = "model.embed_tokens";
inline constexpr const char* kEmbeddingWeight = "model.embed_tokens.weight";
inline constexpr const char* kFinalNorm = "model.norm.weight";

Result<void> read_weights(WeightSource& s, const weightfile::ModelConfig& c, Weights& to);

}  // namespace rm::model
