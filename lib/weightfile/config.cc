#include "lib/weightfile/config.h"

#include <cmath>

#include "lib/base/limits.h"

namespace rm::weightfile {
namespace {

Error bad(const std::string& message) { return make_error(Exit::kModel, "bad_config", message); }

Result<void> in_range(const char* what, std::int64_t v, std::int64_t low, std::int64_t high) {
  if (v >= low && v <= high) return {};
  return bad(std::string(what) + " is " + std::to_string(v) + "; expected " + std::to_string(low) + " to " +
             std::to_string(high));
}

Result<void> in_range(const char* what, double v, double low, double high) {
  if (std::isfinite(v) && v >= low && v <= high) return {};
  return bad(std::string(what) + " is " + std::to_string(v) + "; expected " + std::to_string(low) + " to " +
             std::to_string(high));
}

Result<void> check_rope(const ModelConfig& c) {
  const RopeScaling& r = c.rope;
  RM_TRY(in_range("the RoPE base (rope_theta)", c.rope_theta, 1.0, 1e12));
  if (r.kind == RopeScaling::Kind::kNone) return {};
  RM_TRY(in_range("the RoPE scaling factor", r.factor, 1e-3, 1e6));
  if (r.kind == RopeScaling::Kind::kLlama3 || r.kind == RopeScaling::Kind::kYarn)
    RM_TRY(in_range("the original context of the RoPE scaling (original_max_position_embeddings)", r.original_context,
                    1, std::int64_t{1} << 26));
  if (r.kind == RopeScaling::Kind::kLlama3) {
    RM_TRY(in_range("low_freq_factor", r.low_freq_factor, 1e-6, 1e6));
    RM_TRY(in_range("high_freq_factor", r.high_freq_factor, 1e-6, 1e6));
    if (r.high_freq_factor <= r.low_freq_factor) return bad("high_freq_factor must be larger than low_freq_factor");
  }
  if (r.kind == RopeScaling::Kind::kYarn) {
    RM_TRY(in_range("beta_fast", r.beta_fast, 1e-6, 1e6));
    RM_TRY(in_range("beta_slow", r.beta_slow, 1e-6, 1e6));
    RM_TRY(in_range("attention_factor", r.attention_factor, 0.0, 1e3));
    if (c.rope_theta <= 1.0) return bad("YaRN needs a RoPE base (rope_theta) above 1");
  }
  if (r.kind == RopeScaling::Kind::kFactors) {
    if (r.factors.size() != static_cast<std::size_t>(c.head_dim / 2))
      return bad("rope_freqs has " + std::to_string(r.factors.size()) + " factors; expected half the head width, " +
                 std::to_string(c.head_dim / 2));
    for (const float f : r.factors) RM_TRY(in_range("a factor of rope_freqs", f, 1e-6, 1e6));
  }
  return {};
}

}  // namespace

const char* name(Arch a) {
  switch (a) {
    case Arch::kLlama:
      return "llama";
    case Arch::kQwen2:
      return "qwen2";
    case Arch::kQwen3:
      return "qwen3";
  }
  return "?";
}

Result<void> check(const ModelConfig& c) {
  RM_TRY(in_range("the number of layers", c.layers, 1, 1024));
  RM_TRY(in_range("the hidden size", c.hidden, 1, 1 << 17));
  RM_TRY(in_range("the number of attention heads", c.heads, 1, 4096));
  RM_TRY(in_range("the number of key/value heads", c.kv_heads, 1, c.heads));
  if (c.heads % c.kv_heads != 0)
    return bad(std::to_string(c.heads) + " attention heads cannot share " + std::to_string(c.kv_heads) +
               " key/value heads evenly");
  RM_TRY(in_range("the head width (head_dim)", c.head_dim, 2, 4096));
  if (c.head_dim % 2 != 0)
    return bad("the head width (head_dim) is " + std::to_string(c.head_dim) + "; expected an even number");
  RM_TRY(in_range("the feed-forward size", c.ffn, 1, 1 << 20));
  RM_TRY(in_range("the vocabulary size", c.vocab, 1, static_cast<std::int64_t>(limits::kVocab)));
  RM_TRY(in_range("the context length", c.context, 1, std::int64_t{1} << 26));
  RM_TRY(in_range("the norm epsilon", c.norm_eps, 0.0, 0.1));
  RM_TRY(check_rope(c));
  for (const std::int32_t id : c.eos)
    RM_TRY(in_range("the end token id (eos_token_id)", static_cast<std::int64_t>(id), 0, c.vocab - 1));
  RM_TRY(in_range("the begin token id (bos_token_id)", static_cast<std::int64_t>(c.bos), -1, c.vocab - 1));
  return {};
}

}  // namespace rm::weightfile
