// The published RM-R1 checkpoints: names and shapes, from their public hyper-parameters, without any weights.
#include <doctest/doctest.h>

#include "lib/weightfile/weight_file.h"
#include "tests/lib/weightfile/model_builder.h"

namespace rm::weightfile {
namespace {

using namespace testing;

struct Published {
  const char* name;
  int layers;
  std::uint64_t hidden, heads, kv_heads, ffn;
  int context;
  const char *theta, *eps;
  int bos, eos, window, window_layers;
  std::uint64_t parameters;  // as the model cards' file metadata count them
};

// RM-R1 keeps its base model's architecture. All have 152,064 rows of embeddings and an untied head.
constexpr Published kPublished[] = {
    {"Qwen2.5-Instruct 7B", 28, 3584, 28, 4, 18944, 32768, "1000000.0", "1e-06", 151643, 151645, 131072, 28,
     7615616512},
    {"Qwen2.5-Instruct 14B", 48, 5120, 40, 8, 13824, 32768, "1000000.0", "1e-06", 151643, 151645, 131072, 70,
     14770033664},
    {"Qwen2.5-Instruct 32B", 64, 5120, 40, 8, 27648, 32768, "1000000.0", "1e-06", 151643, 151645, 131072, 70,
     32763876352},
    {"DeepSeek-Distilled-Qwen 7B", 28, 3584, 28, 4, 18944, 131072, "10000", "1e-06", 151646, 151643, 4096, 28,
     7615616512},
    {"DeepSeek-Distilled-Qwen 14B", 48, 5120, 40, 8, 13824, 131072, "1000000.0", "1e-05", 151646, 151643, 131072, 48,
     14770033664},
    {"DeepSeek-Distilled-Qwen 32B", 64, 5120, 40, 8, 27648, 131072, "1000000.0", "1e-05", 151646, 151643, 131072, 64,
     32763876352},
};
constexpr std::uint64_t kVocab = 152064;

std::string config_text(const Published& p) {
  const auto n = [](auto v) { return std::to_string(v); };
  return "{\"architectures\": [\"Qwen2ForCausalLM\"], \"attention_dropout\": 0.0, \"bos_token_id\": " + n(p.bos) +
         ", \"eos_token_id\": " + n(p.eos) + ", \"hidden_act\": \"silu\", \"hidden_size\": " + n(p.hidden) +
         ", \"initializer_range\": 0.02, \"intermediate_size\": " + n(p.ffn) +
         ", \"max_position_embeddings\": " + n(p.context) + ", \"max_window_layers\": " + n(p.window_layers) +
         ", \"model_type\": \"qwen2\", \"num_attention_heads\": " + n(p.heads) +
         ", \"num_hidden_layers\": " + n(p.layers) + ", \"num_key_value_heads\": " + n(p.kv_heads) +
         ", \"rms_norm_eps\": " + p.eps + ", \"rope_theta\": " + p.theta + ", \"sliding_window\": " + n(p.window) +
         ", \"tie_word_embeddings\": false, \"torch_dtype\": \"bfloat16\", \"use_cache\": true, "
         "\"use_sliding_window\": false, "
         "\"vocab_size\": 152064}";
}

Tensors published_tensors(const Published& p) {
  const std::uint64_t width = 128, q = p.heads * width, kv = p.kv_heads * width;
  Tensors t = {{"model.embed_tokens.weight", {kVocab, p.hidden}}};
  for (int i = 0; i < p.layers; ++i) {
    const std::string l = "model.layers." + std::to_string(i) + ".";
    t.push_back({l + "self_attn.q_proj.weight", {q, p.hidden}});
    t.push_back({l + "self_attn.q_proj.bias", {q}});
    t.push_back({l + "self_attn.k_proj.weight", {kv, p.hidden}});
    t.push_back({l + "self_attn.k_proj.bias", {kv}});
    t.push_back({l + "self_attn.v_proj.weight", {kv, p.hidden}});
    t.push_back({l + "self_attn.v_proj.bias", {kv}});
    t.push_back({l + "self_attn.o_proj.weight", {p.hidden, q}});
    t.push_back({l + "mlp.gate_proj.weight", {p.ffn, p.hidden}});
    t.push_back({l + "mlp.up_proj.weight", {p.ffn, p.hidden}});
    t.push_back({l + "mlp.down_proj.weight", {p.hidden, p.ffn}});
    t.push_back({l + "input_layernorm.weight", {p.hidden}});
    t.push_back({l + "post_attention_layernorm.weight", {p.hidden}});
  }
  t.push_back({"model.norm.weight", {p.hidden}});
  t.push_back({"lm_head.weight", {kVocab, p.hidden}});
  return t;
}

// Shards of about 4 GB as published, sparse: headers on disk, weights nowhere.
void write_shards(const TempFolder& f, const Tensors& tensors) {
  std::vector<Tensors> shards(1);
  std::uint64_t bytes = 0;
  for (const auto& t : tensors) {
    if (bytes + 2 * elements(t.second) > 4'000'000'000 && !shards.back().empty()) shards.emplace_back(), bytes = 0;
    shards.back().push_back(t);
    bytes += 2 * elements(t.second);
  }
  std::map<std::string, std::string> index;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string name = "model-" + std::to_string(i + 1) + "-of-" + std::to_string(shards.size()) + ".safetensors";
    for (const auto& t : shards[i]) index[t.first] = name;
    write_safetensors(f.at(name), shards[i]);
  }
  f.write("model.safetensors.index.json", index_text(index));
}

TEST_CASE("names and shapes of the six published sizes resolve completely") {
  for (const Published& p : kPublished) {
    CAPTURE(std::string(p.name));
    const TempFolder f;
    f.write("config.json", config_text(p));
    const Tensors tensors = published_tensors(p);
    write_shards(f, tensors);
    const auto m = WeightFile::open(f.path());
    if (!m) FAIL(m.error().text());
    const auto ok = check_against_plan(**m);
    if (!ok) FAIL(ok.error().text());
    CHECK((*m)->tensors().size() == tensors.size());
    CHECK((*m)->config().head_dim == 128);
    CHECK((*m)->config().eos == std::vector<std::int32_t>{p.eos});
    std::uint64_t parameters = 0;
    for (const Planned& t : plan((*m)->config())) parameters += elements(t.shape);
    CHECK(parameters == p.parameters);
    // The last tensor of the last shard can be reached.
    const TensorInfo* head = (*m)->find("lm_head.weight");
    REQUIRE(head);
    std::byte last[2] = {std::byte{1}, std::byte{1}};
    CHECK((*m)->read(*head, head->bytes - 2, last).ok());
    CHECK(last[0] == std::byte{0});
  }
}

TEST_CASE("a published size with one tensor wrong is refused by that tensor's name") {
  const Published& p = kPublished[0];
  struct Row {
    std::size_t at;
    Shape shape;  // empty: left out
    const char* says;
  };
  for (const Row& r : {Row{1 + 12 * 17 + 8, {}, "tensor model.layers.17.mlp.up_proj.weight: is missing"},
                       Row{1 + 12 * 17 + 9,
                           {p.ffn, p.hidden},
                           "tensor model.layers.17.mlp.down_proj.weight: has shape [18944, 3584]; "
                           "the configuration asks for [3584, 18944]: it is transposed"},
                       Row{0, {151936, p.hidden}, "tensor model.embed_tokens.weight: has shape [151936, 3584]"}}) {
    const TempFolder f;
    f.write("config.json", config_text(p));
    Tensors t = published_tensors(p);
    if (r.shape.empty())
      t.erase(t.begin() + static_cast<std::ptrdiff_t>(r.at));
    else
      t[r.at].second = r.shape;
    write_shards(f, t);
    const auto m = WeightFile::open(f.path());
    REQUIRE(m.ok());
    const auto ok = check_against_plan(**m);
    REQUIRE(!ok.ok());
    CAPTURE(ok.error().text());
    CHECK(ok.error().text().find(r.says) != std::string::npos);
  }
}

}  // namespace
}  // namespace rm::weightfile
