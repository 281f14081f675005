#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "lib/base/escape.h"
#include "lib/weightfile/gguf_model.h"

namespace rm::weightfile::gguf {
namespace {

// Metadata of one architecture by short key; keeps the first thing that is wrong.
class Keys {
 public:
  Keys(const Header& h, std::string arch, std::string file) : h_(h), arch_(std::move(arch)), file_(std::move(file)) {}

  const Value* find(std::string_view key) const { return h_.find(full(key)); }

  std::int64_t integer(std::string_view key, std::optional<std::int64_t> fallback = {}) {
    const Value* v = find(key);
    if (!v && fallback) return *fallback;
    if (v) {
      if (const auto i = v->integer()) return *i;
    }
    expected(key, "an integer", v);
    return fallback.value_or(0);
  }
  double number(std::string_view key, std::optional<double> fallback = {}) {
    const Value* v = find(key);
    if (!v && fallback) return *fallback;
    if (v) {
      if (const auto d = v->number(); d && std::isfinite(*d)) return *d;
    }
    expected(key, "a finite number", v);
    return fallback.value_or(0);
  }
  std::string text(std::string_view key, std::string fallback) {
    const Value* v = find(key);
    if (!v) return fallback;
    if (const auto s = v->text()) return std::string(*s);
    expected(key, "a string", v);
    return fallback;
  }
  void refuse(std::string_view key, const std::string& message) {
    if (!error_) error_ = make_error(Exit::kModel, "bad_config", "metadata key " + full(key) + " " + message, file_);
  }
  Result<void> status() const {
    if (error_) return *error_;
    return {};
  }

 private:
  // Keys of the tokenizer and of the file itself stand alone, all others below the architecture.
  std::string full(std::string_view key) const {
    const bool alone = key.starts_with("tokenizer.") || key.starts_with("general.");
    return alone ? std::string(key) : arch_ + "." + std::string(key);
  }
  void expected(std::string_view key, const char* what, const Value* got) {
    refuse(key,
           (got ? std::string("is of type ") + name(got->type) : std::string("is missing")) + "; expected " + what);
  }
  const Header& h_;
  std::string arch_, file_;
  std::optional<Error> error_;
};

void read_rope(Keys& k, std::span<const float> factors, ModelConfig& c) {
  RopeScaling& s = c.rope;
  c.rope_theta = k.number("rope.freq_base", 10000.0);
  // Without a type llama.cpp scales linearly, by the key of either age.
  const double factor = k.number("rope.scaling.factor", k.number("rope.scale_linear", 0.0));
  const std::string kind = k.text("rope.scaling.type", factor == 0.0 || factor == 1.0 ? "none" : "linear");
  s.original_context = k.integer("rope.scaling.original_context_length", c.context);
  if (kind == "linear") {
    s.kind = factor == 0.0 || factor == 1.0 ? RopeScaling::Kind::kNone : RopeScaling::Kind::kLinear;
    s.factor = factor == 0.0 ? 1.0 : factor;
  } else if (kind == "yarn") {
    s.kind = RopeScaling::Kind::kYarn;
    s.factor = factor;
    s.beta_fast = k.number("rope.scaling.yarn_beta_fast", 32.0);
    s.beta_slow = k.number("rope.scaling.yarn_beta_slow", 1.0);
    const double scale = k.number("rope.scaling.yarn_attn_factor", k.number("rope.scaling.attn_factor", 1.0));
    if (scale != 1.0) s.attention_factor = scale * (factor > 1 ? 0.1 * std::log(factor) + 1.0 : 1.0);
    if (k.number("rope.scaling.yarn_ext_factor", 1.0) != 1.0)
      k.refuse("rope.scaling.yarn_ext_factor", "other than 1 is not supported");
    if (k.number("rope.scaling.yarn_log_multiplier", 0.0) != 0.0)
      k.refuse("rope.scaling.yarn_log_multiplier", "is not supported");
  } else if (kind != "none") {
    k.refuse("rope.scaling.type", "is \"" + escape_text(kind, 40) + "\"; supported are none, linear and yarn");
  }
  const bool trivial = std::all_of(factors.begin(), factors.end(), [](float f) { return f == 1.0f; });
  if (trivial) return;
  if (s.kind != RopeScaling::Kind::kNone)
    return k.refuse("rope.scaling.type", "stands beside rope_freqs.weight; expected one of the two");
  s.kind = RopeScaling::Kind::kFactors;
  s.factors.assign(factors.begin(), factors.end());
}

void read_sizes(Keys& k, const Header& h, ModelConfig& c) {
  c.layers = k.integer("block_count");
  c.hidden = k.integer("embedding_length");
  c.heads = k.integer("attention.head_count");
  c.kv_heads = k.integer("attention.head_count_kv", c.heads);
  c.ffn = k.integer("feed_forward_length");
  c.context = k.integer("context_length");
  c.norm_eps = k.number("attention.layer_norm_rms_epsilon");
  if (k.find("attention.key_length")) {
    c.head_dim = k.integer("attention.key_length");
  } else if (c.heads > 0) {
    c.head_dim = c.hidden / c.heads;
    if (c.hidden % c.heads != 0)
      k.refuse("embedding_length", "is " + std::to_string(c.hidden) + ", which " + std::to_string(c.heads) +
                                       " attention heads do not divide");
  }
  if (k.integer("attention.value_length", c.head_dim) != c.head_dim)
    k.refuse("attention.value_length", "differs from the keys' width, which is not supported");
  if (k.integer("rope.dimension_count", c.head_dim) != c.head_dim)
    k.refuse("rope.dimension_count", "differs from the head width, which is not supported");
  if (k.integer("expert_count", 0) != 0)
    k.refuse("expert_count", "asks for a mixture of experts, which is not supported");
  if (const auto window = k.integer("attention.sliding_window", 0); window > 0 && window < c.context)
    k.refuse("attention.sliding_window", "is below the context; only full attention is supported");
  const Value* tokens = h.find("tokenizer.ggml.tokens");
  if (tokens && tokens->type == Type::kArray) {
    c.vocab = static_cast<std::int64_t>(std::min<std::uint64_t>(tokens->count, INT64_MAX));
    if (k.integer("vocab_size", c.vocab) != c.vocab)
      k.refuse("vocab_size", "is " + std::to_string(k.integer("vocab_size", 0)) + " but the tokenizer has " +
                                 std::to_string(c.vocab) + " tokens");
  } else {
    c.vocab = k.integer("vocab_size", 0);
  }
}

void read_ends(Keys& k, ModelConfig& c) {
  const auto id = [&](const char* key) -> std::int32_t {
    const std::int64_t v = k.integer(key, -1);
    if (v < -1 || v >= std::max<std::int64_t>(c.vocab, 0)) {
      k.refuse(key, "is " + std::to_string(v) + ", outside the vocabulary of " + std::to_string(c.vocab));
      return -1;
    }
    return static_cast<std::int32_t>(v);
  };
  for (const char* key :
       {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
    const std::int32_t v = id(key);
    if (v >= 0 && std::find(c.eos.begin(), c.eos.end(), v) == c.eos.end()) c.eos.push_back(v);
  }
  c.bos = id("tokenizer.ggml.bos_token_id");
}

}  // namespace

Result<Arch> architecture(const Header& h, const std::string& file) {
  const Value* v = h.find("general.architecture");
  const auto text = v ? v->text() : std::nullopt;
  for (const Arch a : {Arch::kLlama, Arch::kQwen2, Arch::kQwen3})
    if (text == std::string_view(weightfile::name(a))) return a;
  return make_error(Exit::kModel, "unknown_architecture",
                    "general.architecture is " +
                        (text ? "\"" + escape_text(*text, 40) + "\"" : std::string("missing")) +
                        "; supported are llama, qwen2 and qwen3",
                    file);
}

Result<ModelConfig> config(const Header& h, std::span<const float> rope_factors, const std::string& file) {
  ModelConfig c;
  RM_ASSIGN(c.arch, architecture(h, file));
  Keys k(h, weightfile::name(c.arch), file);
  read_sizes(k, h, c);
  const auto tensor = [&](std::string_view n) -> const Tensor* {
    const auto at = std::find_if(h.tensors().begin(), h.tensors().end(), [&](const Tensor& t) { return t.name == n; });
    return at == h.tensors().end() ? nullptr : &*at;
  };
  // A file without a tokenizer has its vocabulary in the embedding's rows alone.
  if (const Tensor* embedding = tensor("token_embd.weight"); embedding && c.vocab == 0 && embedding->shape.size() == 2)
    c.vocab = static_cast<std::int64_t>(std::min<std::uint64_t>(embedding->shape[0], INT64_MAX));
  c.tied = !tensor("output.weight");
  c.qkv_bias = c.arch == Arch::kQwen2 || tensor("blk.0.attn_q.bias");
  c.o_bias = tensor("blk.0.attn_output.bias");
  c.mlp_bias = tensor("blk.0.ffn_up.bias");
  c.qk_norm = c.arch == Arch::kQwen3;
  read_rope(k, rope_factors, c);
  read_ends(k, c);
  RM_TRY(k.status());
  if (auto ok = check(c); !ok) {
    Error e = ok.error();
    e.where = file;
    return e;
  }
  return c;
}

}  // namespace rm::weightfile::gguf
