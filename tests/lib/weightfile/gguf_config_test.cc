#include <doctest/doctest.h>

#include <functional>

#include "lib/weightfile/gguf_model.h"
#include "tests/lib/weightfile/model_builder.h"

namespace rm::weightfile {
namespace {

using namespace testing;
using Kind = RopeScaling::Kind;

Result<ModelConfig> config_of(const GgufBuilder& b, std::vector<float> factors = {}) {
  const std::string bytes = b.build();
  const auto h = gguf::Header::parse(std::as_bytes(std::span(bytes)), bytes.size(), "m.gguf");
  REQUIRE(h.ok());
  return gguf::config(*h, factors, "m.gguf");
}

TEST_CASE("metadata becomes a configuration") {
  const auto c =
      config_of(tiny_gguf("qwen3").u32("tokenizer.ggml.eot_token_id", 6).u32("qwen3.attention.key_length", 4));
  REQUIRE(c.ok());
  CHECK(c->arch == Arch::kQwen3);
  CHECK(c->layers == 1);
  CHECK(c->hidden == 8);
  CHECK(c->heads == 2);
  CHECK(c->kv_heads == 1);
  CHECK(c->head_dim == 4);
  CHECK(c->ffn == 12);
  CHECK(c->vocab == 8);
  CHECK(c->context == 64);
  CHECK(c->norm_eps == doctest::Approx(1e-5));
  CHECK(c->qk_norm);
  CHECK(!c->qkv_bias);
  CHECK(!c->tied);
  CHECK(c->eos == std::vector<std::int32_t>{5, 6});
  CHECK(c->bos == 5);
}

TEST_CASE("a file without an output tensor has a tied head") {
  GgufBuilder b = tiny_gguf();
  std::erase_if(b.tensors, [](const auto& t) { return t.name == "output.weight"; });
  CHECK(config_of(b)->tied);
}

TEST_CASE("each way of writing RoPE scaling is read") {
  struct Row {
    const char* what;
    std::function<void(GgufBuilder&)> add;
    std::vector<float> factors;
    Kind kind;
    double factor;
  };
  const std::vector<Row> rows = {
      {"nothing", [](GgufBuilder&) {}, {}, Kind::kNone, 1},
      {"linear",
       [](GgufBuilder& b) { b.text("llama.rope.scaling.type", "linear").f32("llama.rope.scaling.factor", 4); },
       {},
       Kind::kLinear,
       4},
      {"a factor alone is linear", [](GgufBuilder& b) { b.f32("llama.rope.scaling.factor", 2); }, {}, Kind::kLinear, 2},
      {"the oldest key", [](GgufBuilder& b) { b.f32("llama.rope.scale_linear", 2); }, {}, Kind::kLinear, 2},
      {"none", [](GgufBuilder& b) { b.text("llama.rope.scaling.type", "none"); }, {}, Kind::kNone, 1},
      {"yarn",
       [](GgufBuilder& b) {
         b.text("llama.rope.scaling.type", "yarn")
             .f32("llama.rope.scaling.factor", 4)
             .u32("llama.rope.scaling.original_context_length", 16);
       },
       {},
       Kind::kYarn,
       4},
      {"factors of 1", [](GgufBuilder&) {}, {1, 1}, Kind::kNone, 1},
      {"Llama 3's factors", [](GgufBuilder&) {}, {1, 8}, Kind::kFactors, 1},
  };
  for (const Row& r : rows) {
    CAPTURE(std::string(r.what));
    GgufBuilder b = tiny_gguf();
    r.add(b);
    const auto c = config_of(b, r.factors);
    REQUIRE(c.ok());
    CHECK(c->rope.kind == r.kind);
    CHECK(c->rope.factor == r.factor);
    if (r.kind == Kind::kYarn) CHECK(c->rope.original_context == 16);
    if (r.kind == Kind::kFactors) CHECK(c->rope.factors == r.factors);
  }
}

TEST_CASE("hostile metadata is refused, naming the key") {
  struct Row {
    const char* what;
    std::function<void(GgufBuilder&)> spoil;
    const char* says;
  };
  const auto set = [](const char* key, std::uint32_t v) {
    return [=](GgufBuilder& b) { b.drop_key(key).u32(key, v); };
  };
  const std::vector<Row> rows = {
      {"architecture",
       [](GgufBuilder& b) { b.drop_key("general.architecture").text("general.architecture", "gemma2"); },
       "\"gemma2\"; supported are llama, qwen2 and qwen3"},
      {"no architecture", [](GgufBuilder& b) { b.drop_key("general.architecture"); }, "missing"},
      {"layers", set("llama.block_count", 1'000'000'000), "layers is 1000000000"},
      {"no layers", [](GgufBuilder& b) { b.drop_key("llama.block_count"); }, "llama.block_count is missing"},
      {"layers of another type", [](GgufBuilder& b) { b.drop_key("llama.block_count").text("llama.block_count", "1"); },
       "llama.block_count is of type string"},
      {"hidden not divisible", set("llama.embedding_length", 9), "llama.embedding_length is 9"},
      {"no heads", set("llama.attention.head_count", 0), "attention heads is 0"},
      {"more kv heads than heads", set("llama.attention.head_count_kv", 3), "key/value heads is 3"},
      {"eos out of range", set("tokenizer.ggml.eos_token_id", 8), "eos_token_id is 8"},
      {"vocabulary differs", set("llama.vocab_size", 9), "llama.vocab_size is 9"},
      {"theta 0", [](GgufBuilder& b) { b.drop_key("llama.rope.freq_base").f32("llama.rope.freq_base", 0); },
       "rope_theta"},
      {"theta NaN",
       [](GgufBuilder& b) { b.drop_key("llama.rope.freq_base").f32("llama.rope.freq_base", __builtin_nanf("")); },
       "llama.rope.freq_base"},
      {"context 2^40",
       [](GgufBuilder& b) {
         b.drop_key("llama.context_length").raw("llama.context_length", kGgufU64, le<std::uint64_t>(1ull << 40));
       },
       "context length is 1099511627776"},
      {"longrope", [](GgufBuilder& b) { b.text("llama.rope.scaling.type", "longrope"); }, "\"longrope\""},
      {"experts", set("llama.expert_count", 8), "expert_count"},
      {"a window", set("llama.attention.sliding_window", 16), "sliding_window"},
      {"value length", set("llama.attention.value_length", 8), "value_length"},
      {"partial rotation", set("llama.rope.dimension_count", 2), "dimension_count"},
  };
  for (const Row& r : rows) {
    CAPTURE(std::string(r.what));
    GgufBuilder b = tiny_gguf();
    r.spoil(b);
    const auto c = config_of(b);
    REQUIRE(!c.ok());
    CHECK(c.error().exit == Exit::kModel);
    CAPTURE(c.error().text());
    CHECK(c.error().text().find(r.says) != std::string::npos);
  }
}

TEST_CASE("RoPE factors of the wrong number or size are refused") {
  for (const std::vector<float>& f : {std::vector<float>{2}, {1, 0}, {1, -2}, {1, __builtin_nanf("")}, {1, 2, 3}})
    CHECK(!config_of(tiny_gguf(), f).ok());
}

}  // namespace
}  // namespace rm::weightfile
