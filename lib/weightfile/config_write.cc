#include "lib/weightfile/config_write.h"

#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "lib/base/json_scan.h"
#include "lib/weightfile/fields.h"

namespace rm::weightfile {
namespace {

Error cannot(std::string message) { return make_error(Exit::kModel, "bad_config", std::move(message)); }

// An object with one member a line, as save_pretrained writes it.
class Lines {
 public:
  explicit Lines(std::string indent = "  ") : indent_(std::move(indent)) {}
  void raw(const char* key, std::string_view json) {
    text_ += text_.empty() ? "{\n" : ",\n";
    text_ += indent_ + "\"" + key + "\": ";
    text_ += json;
  }
  void add(const char* key, std::string_view text) {
    std::string quoted;
    json::append_string(quoted, text);
    raw(key, quoted);
  }
  void add(const char* key, const char* text) { add(key, std::string_view(text)); }
  void add(const char* key, bool v) { raw(key, v ? "true" : "false"); }
  void add(const char* key, std::int64_t v) { raw(key, std::to_string(v)); }
  // Numbers that came from an f32 (GGUF's do) are written as short as an f32 allows: 1e-05, not 9.999999747378752e-06.
  void add(const char* key, double v) {
    char buffer[64];
    const auto narrow = static_cast<float>(v);
    const double size = std::abs(v);
    const auto form = size >= 1e-3 && size < 1e15 ? std::chars_format::fixed : std::chars_format::general;
    const auto end = static_cast<double>(narrow) == v ? std::to_chars(buffer, buffer + sizeof buffer, narrow, form)
                                                      : std::to_chars(buffer, buffer + sizeof buffer, v, form);
    std::string text(buffer, end.ptr);
    if (text.find_first_of(".e") == text.npos) text += ".0";  // Python reads it as a float
    raw(key, text);
  }
  std::string end() const { return text_ + "\n" + indent_.substr(2) + "}"; }

 private:
  std::string indent_, text_;
};

void add_ends(const ModelConfig& c, std::int32_t pad, Lines& out) {
  if (c.bos >= 0) out.add("bos_token_id", std::int64_t{c.bos});
  if (c.eos.size() == 1) out.add("eos_token_id", std::int64_t{c.eos.front()});
  if (c.eos.size() > 1) {
    std::string list;
    for (const std::int32_t id : c.eos) list += (list.empty() ? "[" : ", ") + std::to_string(id);
    out.raw("eos_token_id", list + "]");
  }
  if (pad >= 0) out.add("pad_token_id", std::int64_t{pad});
}

// "rope_theta" and "rope_scaling" as transformers 4 has them; 5 reads them too.
Result<std::string> rope_json(const ModelConfig& c) {
  using Kind = RopeScaling::Kind;
  RopeScaling r = c.rope;
  if (r.kind == Kind::kNone) return std::string("null");
  if (r.kind == Kind::kFactors) {
    RM_ASSIGN(r, llama3_of_factors(c.rope, c));
  }
  Lines out("    ");
  out.add("rope_type", r.kind == Kind::kLinear ? "linear" : r.kind == Kind::kYarn ? "yarn" : "llama3");
  out.add("factor", r.factor);
  if (r.kind == Kind::kLinear) return out.end();
  out.add("original_max_position_embeddings", r.original_context);
  if (r.kind == Kind::kLlama3) {
    out.add("low_freq_factor", r.low_freq_factor);
    out.add("high_freq_factor", r.high_freq_factor);
    return out.end();
  }
  out.add("beta_fast", r.beta_fast);
  out.add("beta_slow", r.beta_slow);
  if (r.attention_factor != 0) out.add("attention_factor", r.attention_factor);
  if (!r.truncate) out.add("truncate", false);
  return out.end();
}

// Biases are one switch in configs, or none at all.
Result<void> check_biases(const ModelConfig& c) {
  const bool fits = c.arch == Arch::kQwen2 ? c.qkv_bias && !c.o_bias : c.qkv_bias == c.o_bias;
  if (fits && (!c.mlp_bias || c.arch == Arch::kLlama)) return {};
  return cannot(std::string("the model has biases where no ") + name(c.arch) +
                " configuration of transformers can have them");
}

}  // namespace

const char* torch_name(DType t) { return t == DType::kBF16 ? "bfloat16" : t == DType::kF16 ? "float16" : "float32"; }

Result<std::string> config_to_json(const ModelConfig& c, DType dtype, std::int32_t pad) {
  RM_TRY(check_biases(c));
  RM_ASSIGN(const std::string rope, rope_json(c));
  const char* const kClasses[] = {"LlamaForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"};  // in the order of Arch
  Lines out;
  out.raw("architectures", std::string("[\"") + kClasses[static_cast<std::size_t>(c.arch)] + "\"]");
  if (c.arch != Arch::kQwen2) out.add("attention_bias", c.qkv_bias);
  out.add("attention_dropout", 0.0);
  add_ends(c, pad, out);
  out.add("head_dim", c.head_dim);
  out.add("hidden_act", "silu");
  out.add("hidden_size", c.hidden);
  out.add("initializer_range", 0.02);
  out.add("intermediate_size", c.ffn);
  out.add("max_position_embeddings", c.context);
  if (c.arch == Arch::kLlama) out.add("mlp_bias", c.mlp_bias);
  out.add("model_type", name(c.arch));
  out.add("num_attention_heads", c.heads);
  out.add("num_hidden_layers", c.layers);
  out.add("num_key_value_heads", c.kv_heads);
  out.add("rms_norm_eps", c.norm_eps);
  out.raw("rope_scaling", rope);
  out.add("rope_theta", c.rope_theta);
  out.add("tie_word_embeddings", c.tied);
  out.add("torch_dtype", torch_name(dtype));
  out.add("use_cache", true);
  if (c.arch != Arch::kLlama) out.add("use_sliding_window", false);
  out.add("vocab_size", c.vocab);
  return out.end() + "\n";
}

std::string generation_config_to_json(const ModelConfig& c, std::int32_t pad) {
  Lines out;
  out.add("_from_model_config", true);
  add_ends(c, pad, out);
  return out.end() + "\n";
}

Result<std::string> config_with_dtype(std::string_view config_json, DType dtype) {
  json::Document doc;
  if (const auto top = parse_object(doc, config_json, "config.json"); !top) return top.error();
  std::string flat(config_json);  // outside of strings a newline is a blank, inside there is none
  for (char& c : flat) c = c == '\n' ? ' ' : c;
  std::vector<std::pair<std::size_t, std::size_t>> found;  // where the values lie
  std::size_t behind_last = 0;
  json::Scan scan(flat);
  scan.enter('{');
  for (std::string_view key; scan.member(key);) {
    scan.peek();
    const std::size_t begin = scan.at();
    scan.skip();
    behind_last = scan.at();
    const std::string plain = json::unescaped(key);
    if (plain == "dtype" || plain == "torch_dtype") found.emplace_back(begin, behind_last);
  }
  if (!scan.ok() || behind_last == 0) return make_error(Exit::kModel, "bad_json", "cannot be edited", "config.json");
  const std::string value = std::string("\"") + torch_name(dtype) + "\"";
  std::string out(config_json);
  if (found.empty()) return out.insert(behind_last, ",\n  \"torch_dtype\": " + value);
  for (auto at = found.rbegin(); at != found.rend(); ++at) out.replace(at->first, at->second - at->first, value);
  return out;
}

}  // namespace rm::weightfile
