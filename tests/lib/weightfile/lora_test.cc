#include "lib/weightfile/lora.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/lib/weightfile/model_builder.h"

namespace rm::weightfile {
namespace {

using namespace testing;

// As PEFT writes it, with the members that matter here.
std::string adapter_config() {
  return R"({"alpha_pattern": {}, "base_model_name_or_path": "some/base", "bias": "none", "fan_in_fan_out": false,
"inference_mode": true, "init_lora_weights": true, "lora_alpha": 8, "lora_bias": false, "lora_dropout": 0.05,
"modules_to_save": null, "peft_type": "LORA", "r": 2, "rank_pattern": {}, "target_modules": ["q_proj", "down_proj"],
"task_type": "CAUSAL_LM", "use_dora": false, "use_rslora": false})";
}
Tensors adapter_tensors() {
  const std::string l = "base_model.model.model.layers.0.";
  return {{l + "self_attn.q_proj.lora_A.weight", {2, 8}},
          {l + "self_attn.q_proj.lora_B.weight", {8, 2}},
          {l + "mlp.down_proj.lora_A.weight", {2, 12}},
          {l + "mlp.down_proj.lora_B.weight", {8, 2}}};
}

std::string trouble(const std::string& config, const Tensors& tensors) {
  const TempFolder f;
  f.write("adapter_config.json", config);
  write_safetensors(f.at("adapter_model.safetensors"), tensors);
  const auto a = LoraFile::open(f.path());
  const Result<void> ok = a ? (*a)->check_against(*config_from_json(tiny_config(), "")) : Result<void>(a.error());
  if (ok) return "";
  CHECK(ok.error().exit == Exit::kModel);
  return ok.error().text();
}

TEST_CASE("an adapter yields its pairs by the base model's module names") {
  const TempFolder f;
  f.write("adapter_config.json", adapter_config());
  write_safetensors(f.at("adapter_model.safetensors"), adapter_tensors());
  const auto a = LoraFile::open(f.path());
  if (!a) FAIL(a.error().text());
  CHECK((*a)->config().r == 2);
  CHECK((*a)->config().scale == 4.0);
  CHECK((*a)->config().base_model == "some/base");
  CHECK((*a)->config().targets == std::vector<std::string>{"q_proj", "down_proj"});
  REQUIRE((*a)->modules().size() == 2);
  CHECK((*a)->modules()[0].module == "model.layers.0.mlp.down_proj");
  CHECK((*a)->modules()[0].a.shape == Shape{2, 12});
  CHECK((*a)->modules()[1].b.shape == Shape{8, 2});
  std::vector<std::byte> bytes((*a)->modules()[1].b.bytes);
  CHECK((*a)->read((*a)->modules()[1].b, 0, bytes).ok());
  CHECK((*a)->check_against(*config_from_json(tiny_config(), "")).ok());
}

TEST_CASE("rank-stabilised adapters scale by the root of the rank") {
  const auto c = lora_config_from_json(with(adapter_config(), "\"use_rslora\": false", "\"use_rslora\": true"));
  REQUIRE(c.ok());
  CHECK(c->scale == doctest::Approx(8 / std::sqrt(2.0)));
}

TEST_CASE("adapters that compute something else are refused by the field") {
  struct Row {
    const char *from, *to, *says;
  };
  for (const Row& r :
       {Row{"\"use_dora\": false", "\"use_dora\": true", "DoRA"},
        Row{"\"bias\": \"none\"", "\"bias\": \"all\"", "\"bias\" is \"all\""},
        Row{"\"lora_bias\": false", "\"lora_bias\": true", "lora_bias"},
        Row{"\"modules_to_save\": null", "\"modules_to_save\": [\"lm_head\"]", "modules_to_save"},
        Row{"\"rank_pattern\": {}", "\"rank_pattern\": {\"q_proj\": 4}", "rank_pattern"},
        Row{"\"alpha_pattern\": {}", "\"alpha_pattern\": {\"q_proj\": 4}", "alpha_pattern"},
        Row{"\"LORA\"", "\"IA3\"", "\"IA3\"; only LORA"},
        Row{"\"fan_in_fan_out\": false", "\"fan_in_fan_out\": true", "fan_in_fan_out"},
        Row{"\"r\": 2", "\"r\": 0", "\"r\" is 0"}, Row{"\"r\": 2", "\"r\": 1000000", "\"r\" is 1000000"},
        Row{"\"r\": 2, ", "", "\"r\" is missing"}, Row{"\"lora_alpha\": 8", "\"lora_alpha\": \"8\"", "lora_alpha"},
        Row{"\"lora_alpha\": 8", "\"lora_alpha\": 1e300", "lora_alpha"}, Row{"{", "[", "adapter_config.json"}}) {
    CAPTURE(std::string(r.to));
    const std::string text = trouble(with(adapter_config(), r.from, r.to), adapter_tensors());
    CAPTURE(text);
    CHECK(text.find(r.says) != std::string::npos);
  }
}

TEST_CASE("adapter weights that do not fit are named") {
  const std::string l = "base_model.model.model.layers.0.";
  struct Row {
    const char* what;
    std::size_t at;
    std::string name;
    Shape shape;
    const char* says;
  };
  for (const Row& r :
       {Row{"no partner", 1, l + "self_attn.v_proj.lora_B.weight", {4, 2}, "has no partner"},
        Row{"rank differs", 0, l + "self_attn.q_proj.lora_A.weight", {3, 8}, "expected [2, in]"},
        Row{"rank of B differs", 1, l + "self_attn.q_proj.lora_B.weight", {8, 3}, "expected [out, 2]"},
        Row{"not of the model", 0, l + "self_attn.q_proj.lora_A.weight", {2, 9}, "it was trained for another model"},
        Row{"a magnitude", 0, l + "self_attn.q_proj.lora_magnitude_vector", {8}, "is not base_model.model."},
        Row{"no prefix", 0, "model.layers.0.self_attn.q_proj.lora_A.weight", {2, 8}, "is not base_model.model."}}) {
    CAPTURE(std::string(r.what));
    Tensors t = adapter_tensors();
    t[r.at] = {r.name, r.shape};
    const std::string text = trouble(adapter_config(), t);
    CAPTURE(text);
    CHECK(text.find(r.says) != std::string::npos);
  }
  const Tensors foreign = {{"base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight", {2, 8}},
                           {"base_model.model.model.layers.9.self_attn.q_proj.lora_B.weight", {8, 2}}};
  CHECK(trouble(adapter_config(), foreign).find("no linear layer") != std::string::npos);
  CHECK(trouble(adapter_config(), {}).find("holds no adapter weights") != std::string::npos);
}

TEST_CASE("a folder without an adapter says what is missing") {
  const TempFolder f;
  const auto a = LoraFile::open(f.path());
  REQUIRE(!a.ok());
  CHECK(a.error().exit == Exit::kModel);
  CHECK(a.error().text().find("adapter_config.json") != std::string::npos);
}

}  // namespace
}  // namespace rm::weightfile
