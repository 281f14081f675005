// A WeightFile without a file: the tensors of a configuration, filled with small random numbers that are never held.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {

inline ModelConfig small_config() {
  ModelConfig c;
  c.arch = Arch::kQwen2;
  c.layers = 3;
  c.hidden = 64;
  c.heads = 4;
  c.kv_heads = 2;
  c.head_dim = 16;
  c.ffn = 160;
  c.vocab = 200;
  c.context = 512;
  c.qkv_bias = true;
  c.eos = {0};
  return c;
}

class FakeFile final : public WeightFile {
 public:
  explicit FakeFile(ModelConfig c) : config_(std::move(c)) {
    for (const Planned& p : plan(config_)) {
      TensorInfo t;
      t.name = p.name;
      t.shape = p.shape;
      t.bytes = 4;
      for (const std::uint64_t d : p.shape) t.bytes *= d;
      tensors_.push_back(std::move(t));
    }
    std::sort(tensors_.begin(), tensors_.end(),
              [](const TensorInfo& a, const TensorInfo& b) { return a.name < b.name; });
  }
  const std::string& path() const override { return path_; }
  const ModelConfig& config() const override { return config_; }
  std::span<const TensorInfo> tensors() const override { return tensors_; }
  Result<void> read(const TensorInfo& t, std::uint64_t begin, std::span<std::byte> dst) const override {
    if (t.name == fails) return make_error(Exit::kIo, "short", "ended early", path_);
    std::uint64_t seed = 1469598103934665603u;
    for (const char c : t.name) seed = (seed ^ static_cast<unsigned char>(c)) * 1099511628211u;
    const bool norm = t.shape.size() == 1 && t.name.ends_with("norm.weight");
    for (std::size_t i = 0; i < dst.size() / 4; ++i) {
      std::uint64_t x = seed + (begin / 4 + i) * 0x9e3779b97f4a7c15u;
      x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
      x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
      float v = static_cast<float>(static_cast<double>(x >> 11) * 0x1p-53 - 0.5) * 0.4f + (norm ? 1.0f : 0.0f);
      if (t.name == bad && begin == 0 && i == 5) v = bad_value;
      std::memcpy(dst.data() + i * 4, &v, 4);
    }
    return {};
  }
  Result<TextSource> text() const override { return TextSource{}; }

  std::string bad, fails;  // a tensor whose sixth number is bad_value; one that cannot be read
  float bad_value = 0;

 private:
  ModelConfig config_;
  std::string path_ = "fake";
  std::vector<TensorInfo> tensors_;
};

}  // namespace rm::weightfile
