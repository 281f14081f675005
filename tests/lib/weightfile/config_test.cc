#include "lib/weightfile/config.h"

#include <doctest/doctest.h>

#include "tests/lib/weightfile/model_builder.h"

namespace rm::weightfile {
namespace {

using namespace testing;
using Kind = RopeScaling::Kind;

// tiny_config() with more members.
std::string plus(const std::string& members) { return with(tiny_config(), "{", "{" + members + ", "); }
std::string without_theta() { return with(tiny_config(), "\"rope_theta\": 1000000.0, ", ""); }

TEST_CASE("a Qwen2 configuration is read") {
  const auto c = config_from_json(tiny_config(), R"({"eos_token_id": [5, 6], "temperature": 0.7})");
  REQUIRE(c.ok());
  CHECK(c->arch == Arch::kQwen2);
  CHECK(c->hidden == 8);
  CHECK(c->head_dim == 4);
  CHECK(c->kv_heads == 1);
  CHECK(c->qkv_bias);
  CHECK(!c->o_bias);
  CHECK(!c->tied);
  CHECK(c->rope_theta == 1e6);
  CHECK(c->rope.kind == Kind::kNone);
  CHECK(c->eos == std::vector<std::int32_t>{5, 6});  // both files, without repeats
  CHECK(c->bos == -1);
}

TEST_CASE("architectures decide biases and norms") {
  const auto llama =
      config_from_json(with(plus(R"("attention_bias": true, "mlp_bias": true)"), "Qwen2For", "LlamaFor"), "");
  REQUIRE(llama.ok());
  CHECK(llama->qkv_bias);
  CHECK(llama->o_bias);
  CHECK(llama->mlp_bias);
  const auto qwen3 = config_from_json(with(tiny_config(), "Qwen2For", "Qwen3For"), "");
  REQUIRE(qwen3.ok());
  CHECK(qwen3->qk_norm);
  CHECK(!qwen3->qkv_bias);
  CHECK(qwen3->head_dim == 128);  // the class default
  const auto by_type = config_from_json(with(tiny_config(), R"("architectures": ["Qwen2ForCausalLM"], )", ""), "");
  CHECK(by_type->arch == Arch::kQwen2);
}

TEST_CASE("RoPE scaling is read in the spellings of transformers 4 and 5") {
  struct Row {
    const char* members;
    Kind kind;
    double factor, theta;
    std::int64_t original;
  };
  for (
      const Row& r : {
          Row{R"("rope_scaling": null, "rope_theta": 500000)", Kind::kNone, 1, 500000, 0},
          Row{R"("rope_scaling": {"type": "linear", "factor": 2})", Kind::kLinear, 2, 10000, 64},
          Row{R"("rope_scaling": {"rope_type": "linear", "factor": 2.5})", Kind::kLinear, 2.5, 10000, 64},
          Row{R"("rope_scaling": {"rope_type": "default"})", Kind::kNone, 1, 10000, 0},
          Row{R"("rope_parameters": {"rope_type": "default", "rope_theta": 7})", Kind::kNone, 1, 7, 0},
          Row{R"("rope_parameters": {"rope_type": "yarn", "factor": 4, "rope_theta": 7, "original_max_position_embeddings": 16})",
              Kind::kYarn, 4, 7, 16},
          Row{R"("rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32})", Kind::kYarn,
              4, 10000, 32},
          Row{R"("rope_scaling": {"type": "yarn", "original_max_position_embeddings": 16})", Kind::kYarn, 4, 10000, 16},
          Row{R"("rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 32})",
              Kind::kLlama3, 8, 10000, 32},
      }) {
    CAPTURE(std::string(r.members));
    const auto c = config_from_json(with(without_theta(), "{", std::string("{") + r.members + ", "), "");
    if (!c) FAIL(c.error().text());
    CHECK(c->rope.kind == r.kind);
    CHECK(c->rope.factor == r.factor);
    CHECK(c->rope_theta == r.theta);
    CHECK(c->rope.original_context == r.original);
  }
}

TEST_CASE("YaRN's attention factor follows from mscale where both are given") {
  const auto c = config_from_json(
      plus(
          R"("rope_scaling": {"type": "yarn", "factor": 40, "original_max_position_embeddings": 32, "mscale": 0.707, "mscale_all_dim": 1.0, "beta_fast": 16, "truncate": false})"),
      "");
  REQUIRE(c.ok());
  // (0.0707 ln 40 + 1) / (0.1 ln 40 + 1), by hand
  CHECK(c->rope.attention_factor == doctest::Approx(0.92103).epsilon(1e-4));
  CHECK(c->rope.beta_fast == 16);
  CHECK(!c->rope.truncate);
}

TEST_CASE("sliding windows are accepted only where they change nothing") {
  struct Row {
    const char* members;
    bool ok;
  };
  for (const Row& r : {
           Row{R"("use_sliding_window": false, "sliding_window": 16, "max_window_layers": 0)", true},
           Row{R"("use_sliding_window": true, "sliding_window": 16, "max_window_layers": 1)", true},  // no layer beyond
           Row{R"("use_sliding_window": true, "sliding_window": 64, "max_window_layers": 0)",
               true},  // as long as the context
           Row{R"("use_sliding_window": true, "sliding_window": null, "max_window_layers": 0)", true},
           Row{R"("use_sliding_window": true, "sliding_window": 16, "max_window_layers": 0)", false},
           Row{R"("layer_types": ["full_attention"], "use_sliding_window": false)", true},
           Row{R"("layer_types": ["sliding_attention"], "use_sliding_window": true, "sliding_window": 16)", false},
       }) {
    CAPTURE(std::string(r.members));
    CHECK(config_from_json(plus(r.members), "").ok() == r.ok);
  }
}

TEST_CASE("hostile configurations are refused, naming the field") {
  struct Row {
    std::string text;
    const char* says;
  };
  const auto change = [](const char* from, const char* to) { return with(tiny_config(), from, to); };
  for (const Row& r : {
           Row{"", "config.json"},
           Row{"[]", "expected an object"},
           Row{"{}", "\"model_type\" is missing; supported are"},
           Row{change("Qwen2ForCausalLM", "Gemma2ForCausalLM"),
               "\"Gemma2ForCausalLM\"; supported are LlamaForCausalLM"},
           Row{change("[\"Qwen2ForCausalLM\"]", "[\"Qwen2ForCausalLM\", \"Other\"]"), "Qwen2ForCausalLM, Other"},
           Row{change("[\"Qwen2ForCausalLM\"]", "\"Qwen2ForCausalLM\""), "architectures"},
           Row{change("\"num_hidden_layers\": 1", "\"num_hidden_layers\": 1000000000"), "layers is 1000000000"},
           Row{change("\"num_hidden_layers\": 1", "\"num_hidden_layers\": \"1\""),
               "\"num_hidden_layers\" is \"1\"; expected an integer"},
           Row{change("\"num_hidden_layers\": 1", "\"num_hidden_layers\": 1.5"), "num_hidden_layers"},
           Row{change("\"num_hidden_layers\": 1, ", ""), "\"num_hidden_layers\" is missing"},
           Row{change("\"hidden_size\": 8", "\"hidden_size\": 9"), "\"hidden_size\" is 9"},
           Row{change("\"hidden_size\": 8", "\"hidden_size\": -8"), "hidden size"},
           Row{change("\"num_attention_heads\": 2", "\"num_attention_heads\": 0"), "attention heads is 0"},
           Row{change("\"num_key_value_heads\": 1", "\"num_key_value_heads\": 4"), "key/value heads is 4"},
           Row{change("\"num_attention_heads\": 2, \"num_key_value_heads\": 1",
                      "\"num_attention_heads\": 4, \"num_key_value_heads\": 3"),
               "evenly"},
           Row{change("\"vocab_size\": 8", "\"vocab_size\": -1"), "vocabulary size is -1"},
           Row{change("\"eos_token_id\": 5", "\"eos_token_id\": 8"), "eos_token_id"},
           Row{change("\"eos_token_id\": 5", "\"eos_token_id\": [5, -1]"), "eos_token_id"},
           Row{change("\"eos_token_id\": 5", "\"eos_token_id\": [5, \"x\"]"), "eos_token_id"},
           Row{change("\"eos_token_id\": 5", "\"eos_token_id\": 4294967301"), "eos_token_id"},
           Row{change("\"eos_token_id\": 5", "\"eos_token_id\": 5, \"bos_token_id\": 99"), "bos_token_id"},
           Row{change("1000000.0", "0"), "rope_theta"},
           Row{change("1000000.0", "-1.0"), "rope_theta"},
           Row{change("1000000.0", "NaN"), "config.json"},
           Row{change("1000000.0", "1e400"), "config.json"},
           Row{change("\"max_position_embeddings\": 64", "\"max_position_embeddings\": 1099511627776"),
               "context length"},
           Row{change("1e-06", "-1"), "norm epsilon"},
           Row{change("silu", "gelu"), "\"hidden_act\" is \"gelu\""},
           Row{plus(R"("head_dim": 5)"), "even"},
           Row{plus(R"("hidden_size": 8)"), "hidden_size"},  // twice
           Row{plus(R"("quantization_config": {"quant_method": "awq"})"), "quantization_config"},
           Row{plus(R"("rope_scaling": {"type": "dynamic", "factor": 2})"),
               "\"dynamic\"; supported are default, linear, llama3 and yarn"},
           Row{plus(R"("rope_scaling": {"rope_type": "longrope", "factor": 2})"), "longrope"},
           Row{plus(R"("rope_scaling": {"type": "linear"})"), "\"rope_scaling.factor\" is missing"},
           Row{plus(R"("rope_scaling": {"type": "linear", "factor": 0})"), "factor"},
           Row{plus(R"("rope_scaling": {"type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4})"),
               "high_freq_factor"},
           Row{plus(R"("rope_scaling": {"type": "yarn", "factor": 4, "attention_factor": -1})"), "attention_factor"},
           Row{plus(R"("rope_scaling": 4)"), "\"rope_scaling\" is 4; expected an object"},
           Row{plus(R"("partial_rotary_factor": 0.5)"), "partial_rotary_factor"},
           Row{plus(R"("rope_parameters": {"full_attention": {"rope_type": "default"}})"), "full_attention"},
           Row{plus(R"("use_mrope": true)"), "use_mrope"},
       }) {
    CAPTURE(r.text);
    const auto c = config_from_json(r.text, "");
    REQUIRE(!c.ok());
    CHECK(c.error().exit == Exit::kModel);
    CHECK(c.error().where.find("config.json") != std::string::npos);
    CAPTURE(c.error().text());
    CHECK(c.error().text().find(r.says) != std::string::npos);
  }
  const auto g = config_from_json(tiny_config(), R"({"eos_token_id": "x"})");
  REQUIRE(!g.ok());
  CHECK(g.error().where == "generation_config.json");
}

}  // namespace
}  // namespace rm::weightfile
