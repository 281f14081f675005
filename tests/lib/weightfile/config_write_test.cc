#include "lib/weightfile/config_write.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/lib/weightfile/write_helpers.h"

namespace rm::weightfile {
namespace {

using namespace testing;
using Kind = RopeScaling::Kind;

TEST_CASE("only the stored type changes in a given config.json, wherever it stands and however it is spelled") {
  struct Row {
    const char *from, *to;
  };
  for (const Row& r : {
           Row{R"({"dtype": "float32", "a": 1.0})", R"({"dtype": "bfloat16", "a": 1.0})"},
           Row{"{\r\n  \"a\": [1e-06,\n 2],\n  \"torch_dtype\" :  null\n}\n",
               "{\r\n  \"a\": [1e-06,\n 2],\n  \"torch_dtype\" :  \"bfloat16\"\n}\n"},
           Row{R"({"torch_dtype": "float16", "dtype": "float16"})",
               R"({"torch_dtype": "bfloat16", "dtype": "bfloat16"})"},
           Row{R"({"a": {"dtype": "float32"}, "b": "\"dtype\": \"x\""})",
               "{\"a\": {\"dtype\": \"float32\"}, \"b\": \"\\\"dtype\\\": \\\"x\\\"\",\n  \"torch_dtype\": "
               "\"bfloat16\"}"},
           Row{R"({"\u0064type": "float32"})", R"({"\u0064type": "bfloat16"})"},
       }) {
    CAPTURE(std::string(r.from));
    const auto got = config_with_dtype(r.from, DType::kBF16);
    if (!got) FAIL(got.error().text());
    CHECK(*got == r.to);
  }
  for (const char* bad : {"", "{}", "[]", "{\"a\": 1", "{\"a\": 1, \"a\": 2}"}) {
    CAPTURE(std::string(bad));
    const auto got = config_with_dtype(bad, DType::kBF16);
    REQUIRE(!got.ok());
    CHECK(got.error().exit == Exit::kModel);
  }
}

ModelConfig some_config(Arch arch) {
  ModelConfig c;
  c.arch = arch;
  c.layers = 3, c.hidden = 64, c.heads = 4, c.kv_heads = 2, c.head_dim = 24, c.ffn = 96, c.vocab = 320;
  c.context = 131072;
  c.norm_eps = static_cast<double>(1e-5f);
  c.rope_theta = 500000.0;
  c.qkv_bias = arch == Arch::kQwen2;
  c.qk_norm = arch == Arch::kQwen3;
  c.bos = 1;
  return c;
}

// Reads what was written; the numbers of a GGUF are those of an f32.
void check_read_back(const ModelConfig& c) {
  const auto text = config_to_json(c, DType::kBF16, 2);
  if (!text) FAIL(text.error().text());
  CAPTURE(*text);
  const auto back = config_from_json(*text, generation_config_to_json(c, 2));
  if (!back) FAIL(back.error().text());
  CHECK(back->arch == c.arch);
  CHECK(back->layers == c.layers);
  CHECK(back->hidden == c.hidden);
  CHECK(back->heads == c.heads);
  CHECK(back->kv_heads == c.kv_heads);
  CHECK(back->head_dim == c.head_dim);
  CHECK(back->ffn == c.ffn);
  CHECK(back->vocab == c.vocab);
  CHECK(back->context == c.context);
  CHECK(static_cast<float>(back->norm_eps) == static_cast<float>(c.norm_eps));
  CHECK(back->rope_theta == c.rope_theta);
  CHECK(back->tied == c.tied);
  CHECK(back->qkv_bias == c.qkv_bias);
  CHECK(back->o_bias == c.o_bias);
  CHECK(back->mlp_bias == c.mlp_bias);
  CHECK(back->qk_norm == c.qk_norm);
  CHECK(back->eos == c.eos);
  CHECK(back->bos == c.bos);
  CHECK(back->rope.kind == c.rope.kind);
  CHECK(back->rope.factor == c.rope.factor);
  if (c.rope.kind == Kind::kYarn || c.rope.kind == Kind::kLlama3)
    CHECK(back->rope.original_context == c.rope.original_context);
  CHECK(back->rope.beta_fast == c.rope.beta_fast);
  CHECK(back->rope.beta_slow == c.rope.beta_slow);
  CHECK(back->rope.attention_factor == c.rope.attention_factor);
  CHECK(back->rope.truncate == c.rope.truncate);
}

TEST_CASE("a configuration is read back as it was") {
  for (const Arch arch : {Arch::kLlama, Arch::kQwen2, Arch::kQwen3}) {
    ModelConfig c = some_config(arch);
    check_read_back(c);
    c.tied = true;
    c.eos = {7};
    c.bos = -1;
    check_read_back(c);
    c.eos = {7, 3, 9};
    c.rope.kind = Kind::kLinear;
    c.rope.factor = 2.5;
    check_read_back(c);
    c.rope.kind = Kind::kYarn;
    c.rope.original_context = 32768;
    c.rope.beta_fast = 16;
    check_read_back(c);
    c.rope.attention_factor = 1.25;
    c.rope.truncate = false;
    check_read_back(c);
    if (arch == Arch::kQwen2) continue;
    c.qkv_bias = c.o_bias = true;
    c.mlp_bias = arch == Arch::kLlama;
    check_read_back(c);
  }
}

TEST_CASE("numbers are written as people write them, and Python reads them as what they are") {
  const std::string text = *config_to_json(some_config(Arch::kLlama), DType::kF32, -1);
  for (const char* line : {"\"rms_norm_eps\": 1e-05,", "\"rope_theta\": 500000.0,", "\"torch_dtype\": \"float32\"",
                           "\"architectures\": [\"LlamaForCausalLM\"]", "\"rope_scaling\": null,"}) {
    CAPTURE(std::string(line));
    CHECK(text.find(line) != text.npos);
  }
  CHECK(text.find("pad_token_id") == text.npos);
}

TEST_CASE("biases that no configuration has are refused") {
  const auto refused = [](Arch arch, bool qkv, bool o, bool mlp) {
    ModelConfig c = some_config(arch);
    c.qkv_bias = qkv, c.o_bias = o, c.mlp_bias = mlp;
    const auto text = config_to_json(c, DType::kF32, -1);
    return !text && text.error().exit == Exit::kModel && text.error().message.find("biases") != std::string::npos;
  };
  CHECK(refused(Arch::kLlama, true, false, false));
  CHECK(refused(Arch::kLlama, false, true, false));
  CHECK(refused(Arch::kQwen2, true, true, false));
  CHECK(refused(Arch::kQwen2, true, false, true));
  CHECK(refused(Arch::kQwen3, false, false, true));
  CHECK(!refused(Arch::kLlama, true, true, true));
}

// Divisors as llama.cpp's converter stores them for a Llama 3: of a different f32 rounding than ours.
std::vector<float> divisors(const ModelConfig& c, float factor, float low, float high, float original) {
  std::vector<float> out;
  for (std::int64_t i = 0; i < c.head_dim; i += 2) {
    const float wavelength =
        2.0f * 3.14159265f *
        std::pow(static_cast<float>(c.rope_theta), static_cast<float>(i) / static_cast<float>(c.head_dim));
    const float smooth = (original / wavelength - low) / (high - low);
    out.push_back(wavelength < original / high  ? 1.0f
                  : wavelength > original / low ? factor
                                                : 1.0f / ((1.0f - smooth) / factor + smooth));
  }
  return out;
}

TEST_CASE("the divisors of the published Llama 3 become their formula") {
  struct Row {
    std::int64_t head_dim;
    float factor, original;
  };
  for (const Row& r : {Row{128, 8, 8192}, Row{64, 32, 8192}, Row{128, 32, 8192}, Row{16, 4, 2048}, Row{8, 8, 8192}}) {
    CAPTURE(r.head_dim);
    CAPTURE(r.factor);
    ModelConfig c = some_config(Arch::kLlama);
    c.head_dim = r.head_dim;
    c.rope.kind = Kind::kFactors;
    c.rope.factors = divisors(c, r.factor, 1, 4, r.original);
    const auto fit = llama3_of_factors(c.rope, c);
    if (!fit) FAIL(fit.error().text());
    CHECK(fit->kind == Kind::kLlama3);
    CHECK(fit->factor == static_cast<double>(r.factor));
    const std::vector<float> again =
        divisors(c, static_cast<float>(fit->factor), 1, 4, static_cast<float>(fit->original_context));
    for (std::size_t i = 0; i < again.size(); ++i) CHECK(again[i] == doctest::Approx(c.rope.factors[i]).epsilon(1e-4));
    if (r.head_dim >= 64) CHECK(fit->original_context == static_cast<std::int64_t>(r.original));
  }
}

TEST_CASE("the divisors that the gguf library stored for a Llama 3 of transformers are its rope_scaling") {
  const TempFolder f;
  const auto m = WeightFile::open(unpack(f, "llama-llama3-q8_0-gguf") + "/model.gguf");
  REQUIRE(m.ok());
  REQUIRE((*m)->config().rope.kind == Kind::kFactors);
  const auto text = config_to_json((*m)->config(), DType::kBF16, -1);
  if (!text) FAIL(text.error().text());
  const auto back = config_from_json(*text, "");
  REQUIRE(back.ok());
  CHECK(back->rope.kind == Kind::kLlama3);
  CHECK(back->rope.factor == 8.0);
  CHECK(back->rope.low_freq_factor == 1.0);
  CHECK(back->rope.high_freq_factor == 4.0);
  CHECK(back->rope.original_context == 32);
}

TEST_CASE("other divisors are refused") {
  ModelConfig c = some_config(Arch::kLlama);
  c.rope.kind = Kind::kFactors;
  c.head_dim = 8;
  for (const std::vector<float>& f :
       {std::vector<float>{1, 8, 1, 8}, {8, 1, 1, 1}, {1, 1.5f, 7, 8}, {0.5f, 0.5f, 0.5f, 0.5f}, {}}) {
    c.rope.factors = f;
    const auto text = config_to_json(c, DType::kF32, -1);
    REQUIRE(!text.ok());
    CHECK(text.error().exit == Exit::kModel);
    CHECK(text.error().message.find("rope_freqs.weight") != std::string::npos);
  }
}

}  // namespace
}  // namespace rm::weightfile
