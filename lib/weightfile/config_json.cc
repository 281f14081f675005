// config.json and generation_config.json of the transformers library, versions 4 and 5.
#include <algorithm>
#include <cmath>
#include <limits>

#include "lib/base/escape.h"
#include "lib/weightfile/config.h"
#include "lib/weightfile/fields.h"

namespace rm::weightfile {
namespace {

constexpr const char* kConfigName = "config.json";

std::optional<Arch> arch_of(std::string_view s) {
  if (s == "LlamaForCausalLM" || s == "llama") return Arch::kLlama;
  if (s == "Qwen2ForCausalLM" || s == "qwen2") return Arch::kQwen2;
  if (s == "Qwen3ForCausalLM" || s == "qwen3") return Arch::kQwen3;
  return std::nullopt;
}

Result<Arch> read_arch(Fields& f) {
  const std::vector<std::string> names = f.texts("architectures");
  RM_TRY(f.status());
  const bool listed = !names.empty();
  const std::string found = listed ? names.front() : f.text("model_type", "");
  RM_TRY(f.status());
  const auto arch = arch_of(found);
  if (arch && names.size() <= 1) return *arch;
  std::string all = found;
  for (std::size_t i = 1; i < std::min<std::size_t>(names.size(), 8); ++i) all += ", " + names[i];
  return make_error(Exit::kModel, "unknown_architecture",
                    std::string(listed ? "\"architectures\"" : "\"model_type\"") + " is " +
                        (all.empty() ? "missing" : "\"" + escape_text(all, 120) + "\"") +
                        "; supported are LlamaForCausalLM, Qwen2ForCausalLM and Qwen3ForCausalLM");
}

// The end tokens of one file: a number, a list, or nothing.
void read_eos(Fields& f, std::vector<std::int32_t>& eos) {
  const auto v = f.find("eos_token_id");
  if (!v) return;
  const auto add = [&](const json::Value& item) {
    const auto id = item.integer();
    if (!id || *id < std::numeric_limits<std::int32_t>::min() || *id > std::numeric_limits<std::int32_t>::max()) {
      f.refuse("eos_token_id", "is " + shown(item) + "; expected a token id or a list of them");
      return;
    }
    const auto small = static_cast<std::int32_t>(*id);
    if (std::find(eos.begin(), eos.end(), small) == eos.end()) eos.push_back(small);
  };
  if (v->size() > 1024)
    f.refuse("eos_token_id", "has " + std::to_string(v->size()) + " entries; expected at most 1024");
  else if (v->is(json::Type::kArray))
    v->each_item([&](std::size_t, json::Value item) { add(item); });
  else
    add(*v);
}

// Sliding-window attention is not computed: every way of asking for it that would change a result is refused.
void refuse_windows(Fields& f, const ModelConfig& c) {
  const std::int64_t window = f.integer("sliding_window", 0);
  const bool asked = f.boolean("use_sliding_window", false);
  if (window >= c.context) return;  // no position is ever outside of it
  const std::vector<std::string> types = f.texts("layer_types");
  for (const std::string& t : types)
    if (t != "full_attention")
      return f.refuse("layer_types", "asks for \"" + escape_text(t, 40) + "\"; only full_attention is supported");
  // Layers below max_window_layers attend to everything.
  if (asked && window > 0 && types.empty() && f.integer("max_window_layers", 28) < c.layers)
    f.refuse("use_sliding_window",
             "is true and \"max_window_layers\" leaves layers with a window; only full attention is supported");
}

// get_mscale of transformers' YaRN.
double yarn_mscale(double factor, double mscale) { return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0; }

void read_yarn(Fields& r, RopeScaling& s, std::int64_t context) {
  s.beta_fast = r.number("beta_fast", 32.0);
  s.beta_slow = r.number("beta_slow", 1.0);
  s.truncate = r.boolean("truncate", true);
  if (!r.has("factor") && s.original_context > 0)
    s.factor = static_cast<double>(context) / static_cast<double>(s.original_context);
  else
    s.factor = r.number("factor");
  const double mscale = r.number("mscale", 0.0), all_dim = r.number("mscale_all_dim", 0.0);
  if (r.has("attention_factor")) {
    s.attention_factor = r.number("attention_factor");
    if (!(s.attention_factor > 0)) r.refuse("attention_factor", "must be above 0");
  } else if (mscale != 0 && all_dim != 0) {
    s.attention_factor = yarn_mscale(s.factor, mscale) / yarn_mscale(s.factor, all_dim);
  }
}

// transformers 4 writes rope_theta and rope_scaling, 5 writes rope_parameters with both inside; the kind is "type" in the
// oldest files. Where both are given transformers takes rope_scaling.
void read_rope(Fields& f, ModelConfig& c) {
  const char* key = f.has("rope_scaling") ? "rope_scaling" : "rope_parameters";
  c.rope_theta = f.number("rope_theta", 10000.0);
  const auto v = f.find(key);
  if (!v) return;
  if (!v->is(json::Type::kObject)) return f.refuse(key, "is " + shown(*v) + "; expected an object");
  Fields r = f.object(key);
  c.rope_theta = r.number("rope_theta", c.rope_theta);
  const char* kind_key = r.has("rope_type") ? "rope_type" : "type";
  const std::string kind = r.text(kind_key, "default");
  if (r.has("full_attention") || r.has("sliding_attention"))
    r.refuse("full_attention", "gives each kind of layer its own RoPE, which is not supported");
  if (r.number("partial_rotary_factor", 1.0) != 1.0) r.refuse("partial_rotary_factor", "other than 1 is not supported");
  RopeScaling& s = c.rope;
  s.original_context =
      r.integer("original_max_position_embeddings", f.integer("original_max_position_embeddings", c.context));
  if (kind == "linear") {
    s.kind = RopeScaling::Kind::kLinear;
    s.factor = r.number("factor");
  } else if (kind == "llama3") {
    s.kind = RopeScaling::Kind::kLlama3;
    s.factor = r.number("factor");
    s.low_freq_factor = r.number("low_freq_factor");
    s.high_freq_factor = r.number("high_freq_factor");
  } else if (kind == "yarn") {
    s.kind = RopeScaling::Kind::kYarn;
    read_yarn(r, s, c.context);
  } else if (kind != "default") {
    r.refuse(kind_key, "is \"" + escape_text(kind, 40) + "\"; supported are default, linear, llama3 and yarn");
  } else {
    s = RopeScaling{};
  }
  f.keep(r.status());
}

void refuse_unsupported(Fields& f) {
  if (f.has("quantization_config"))
    f.refuse("quantization_config", "asks for packed weights; give the original model or a GGUF file");
  const std::string act = f.text("hidden_act", "silu");
  if (act != "silu") f.refuse("hidden_act", "is \"" + escape_text(act, 40) + "\"; expected silu");
  if (f.number("partial_rotary_factor", 1.0) != 1.0) f.refuse("partial_rotary_factor", "other than 1 is not supported");
  if (f.boolean("use_mrope", false)) f.refuse("use_mrope", "is true; multimodal RoPE is not supported");
  if (f.boolean("is_encoder_decoder", false)) f.refuse("is_encoder_decoder", "is true; expected a decoder");
}

void read_sizes(Fields& f, ModelConfig& c) {
  c.layers = f.integer("num_hidden_layers");
  c.hidden = f.integer("hidden_size");
  c.heads = f.integer("num_attention_heads");
  c.ffn = f.integer("intermediate_size");
  c.vocab = f.integer("vocab_size");
  c.context = f.integer("max_position_embeddings");
  c.kv_heads = f.integer("num_key_value_heads", c.heads);
  if (f.has("head_dim")) {
    c.head_dim = f.integer("head_dim");
  } else if (c.arch == Arch::kQwen3) {
    c.head_dim = 128;  // the class default
  } else if (c.heads > 0) {
    c.head_dim = c.hidden / c.heads;
    if (c.hidden % c.heads != 0)
      f.refuse("hidden_size", "is " + std::to_string(c.hidden) + ", which " + std::to_string(c.heads) +
                                  " attention heads do not divide, and there is no head_dim");
  }
}

}  // namespace

Result<ModelConfig> config_from_json(std::string_view config, std::string_view generation_config) {
  json::Document doc, generation_doc;
  RM_ASSIGN(const json::Value top, parse_object(doc, config, kConfigName));
  Fields f(top);
  ModelConfig c;
  const auto placed = [](Error e, const char* file) {
    if (e.where.empty()) e.where = file;
    return e;
  };
  const auto arch = read_arch(f);
  if (!arch) return placed(arch.error(), kConfigName);
  c.arch = *arch;
  read_sizes(f, c);
  c.norm_eps = f.number("rms_norm_eps", 1e-6);
  c.tied = f.boolean("tie_word_embeddings", false);
  const bool biased = f.boolean("attention_bias", false);
  c.qkv_bias = c.arch == Arch::kQwen2 || biased;
  c.o_bias = c.arch != Arch::kQwen2 && biased;
  c.mlp_bias = c.arch == Arch::kLlama && f.boolean("mlp_bias", false);
  c.qk_norm = c.arch == Arch::kQwen3;
  refuse_unsupported(f);
  read_rope(f, c);
  if (c.arch != Arch::kLlama) refuse_windows(f, c);
  read_eos(f, c.eos);
  const std::int64_t bos = f.integer("bos_token_id", -1);
  if (bos < -1 || bos >= std::max<std::int64_t>(c.vocab, 0))
    f.refuse("bos_token_id", "is " + std::to_string(bos) + ", outside the vocabulary");
  else
    c.bos = static_cast<std::int32_t>(bos);
  if (auto ok = f.status(); !ok) return placed(ok.error(), kConfigName);
  if (!generation_config.empty()) {
    constexpr const char* kName = "generation_config.json";
    RM_ASSIGN(const json::Value generation, parse_object(generation_doc, generation_config, kName));
    Fields g(generation);
    read_eos(g, c.eos);
    if (auto ok = g.status(); !ok) return placed(ok.error(), kName);
  }
  if (auto ok = check(c); !ok) return placed(ok.error(), kConfigName);
  return c;
}

}  // namespace rm::weightfile
