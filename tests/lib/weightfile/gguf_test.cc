#include "lib/weightfile/gguf.h"

#include <doctest/doctest.h>

#include <functional>

#include "lib/weightfile/gguf_model.h"
#include "tests/lib/weightfile/model_builder.h"

namespace rm::weightfile {
namespace {

using namespace testing;

// The error of parsing these bytes as a whole file; empty where it succeeds.
std::string refusal(const std::string& bytes) {
  const auto h = gguf::Header::parse(std::as_bytes(std::span(bytes)), bytes.size(), "m.gguf");
  if (h) return "";
  CHECK(h.error().exit == Exit::kModel);
  return h.error().text();
}

GgufBuilder::Tensor tensor(std::string name, std::vector<std::uint64_t> dims, std::uint32_t type, std::size_t bytes) {
  return {std::move(name), std::move(dims), type, std::string(bytes, '\1'), {}};
}

TEST_CASE("a right file yields its keys and tensors") {
  GgufBuilder b;
  b.u32("a.u32", 7).f32("a.f32", 0.5f).text("a.text", "hello").flag("a.flag", true);
  b.texts("a.texts", {"x", "", "yz"}).i32s("a.ints", {-1, 5});
  b.raw("a.u64", kGgufU64, le<std::uint64_t>(1ull << 63)).raw("a.i8", kGgufI8, le<std::int8_t>(-3));
  b.floats("t", {3, 2}).tensors.push_back(tensor("q", {64, 2}, kGgmlQ8_0, 136));
  const std::string bytes = b.build();
  const auto h = gguf::Header::parse(std::as_bytes(std::span(bytes)), bytes.size(), "m.gguf");
  REQUIRE(h.ok());
  CHECK(h->find("a.u32")->integer() == 7);
  CHECK(h->find("a.i8")->integer() == -3);
  CHECK(!h->find("a.u64")->integer());  // does not fit
  CHECK(h->find("a.f32")->number() == 0.5);
  CHECK(!h->find("a.f32")->integer());
  CHECK(h->find("a.text")->text() == std::string_view("hello"));
  CHECK(h->find("a.flag")->boolean() == true);
  CHECK(h->find("nothing") == nullptr);
  std::string joined;
  CHECK(h->find("a.texts")->each_text(
      [&](std::uint64_t i, std::string_view s) { joined += std::to_string(i) + std::string(s); }));
  CHECK(joined == "0x12yz");
  CHECK(!h->find("a.ints")->each_text([](std::uint64_t, std::string_view) {}));
  std::int64_t sum = 0;
  CHECK(h->find("a.ints")->each_integer([&](std::uint64_t, std::int64_t v) { sum += v; }));
  CHECK(sum == 4);
  REQUIRE(h->tensors().size() == 2);
  CHECK(h->tensors()[0].shape == std::vector<std::uint64_t>{2, 3});
  CHECK(h->tensors()[1].dtype == DType::kQ8_0);
  CHECK(h->tensors()[1].offset + h->tensors()[1].bytes == bytes.size());
}

TEST_CASE("hostile files are refused, naming what is wrong") {
  struct Row {
    const char* what;
    std::function<void(GgufBuilder&)> spoil;
    const char* says;
  };
  const auto array = [](std::uint32_t element, std::uint64_t n, std::string body) {
    return le(element) + le(n) + body;
  };
  const std::vector<Row> rows = {
      {"magic", [](GgufBuilder& b) { b.magic = "GGUX"; }, "GGUF"},
      {"version 0", [](GgufBuilder& b) { b.version = 0; }, "version 0"},
      {"version 1", [](GgufBuilder& b) { b.version = 1; }, "version 1"},
      {"version 4", [](GgufBuilder& b) { b.version = 4; }, "version 4"},
      {"big-endian", [](GgufBuilder& b) { b.version = 0x03000000; }, "big-endian"},
      {"2^63 tensors", [](GgufBuilder& b) { b.claimed_tensors = 1ull << 63; }, "tensors; at most"},
      {"2^63 keys", [](GgufBuilder& b) { b.claimed_keys = 1ull << 63; }, "metadata keys; at most"},
      {"a key too many", [](GgufBuilder& b) { b.claimed_keys = 100; }, ""},
      {"key length 2^64 - 1", [](GgufBuilder& b) { b.raw(std::string(65536, 'k'), kGgufU8, "1"); },
       "metadata key claims 65,536"},
      {"repeated key", [](GgufBuilder& b) { b.u32("x", 1).u32("x", 1); }, "key x is there twice"},
      {"type 13", [](GgufBuilder& b) { b.raw("x", 13, "1"); }, "type 13"},
      {"a bool of 2", [](GgufBuilder& b) { b.raw("x", kGgufBool, "\2"); }, "neither 0 nor 1"},
      {"string of 2^64 - 1", [](GgufBuilder& b) { b.raw("x", kGgufString, le(~0ull)); },
       "18,446,744,073,709,551,615 bytes"},
      {"nested array", [&](GgufBuilder& b) { b.raw("x", kGgufArray, array(kGgufArray, 1, array(kGgufU8, 1, "1"))); },
       "array of arrays"},
      {"array of type 99", [&](GgufBuilder& b) { b.raw("x", kGgufArray, array(99, 1, "1")); }, "type 99"},
      {"array of 2^63", [&](GgufBuilder& b) { b.raw("x", kGgufArray, array(kGgufU8, 1ull << 63, "1")); },
       "more than the file"},
      {"array whose bytes wrap", [&](GgufBuilder& b) { b.raw("x", kGgufArray, array(kGgufU64, 1ull << 61, "1")); },
       "more than the file"},
      {"array of 2^60 strings", [&](GgufBuilder& b) { b.raw("x", kGgufArray, array(kGgufString, 1ull << 60, "1")); },
       "more than the file"},
      {"alignment 0", [](GgufBuilder& b) { b.u32("general.alignment", 0); }, "general.alignment is 0"},
      {"alignment 13", [](GgufBuilder& b) { b.u32("general.alignment", 13); }, "general.alignment is 13"},
      {"alignment of wrong type", [](GgufBuilder& b) { b.text("general.alignment", "32"); },
       "general.alignment is string"},
      {"alignment 64 but offsets at 32", [](GgufBuilder& b) { b.u32("general.alignment", 64); }, "tensor u"},
      {"offset not aligned", [](GgufBuilder& b) { b.tensors[1].offset = 33; }, "tensor u: begins at 33, no multiple"},
      {"offset back", [](GgufBuilder& b) { b.tensors[1].offset = 0; }, "tensor u"},
      {"offset 2^64 - 32", [](GgufBuilder& b) { b.tensors[1].offset = ~0ull - 31; }, "tensor u"},
      {"name of 64", [](GgufBuilder& b) { b.tensors[0].name = std::string(64, 'n'); }, "name claims 64"},
      {"empty name", [](GgufBuilder& b) { b.tensors[0].name = ""; }, "empty name"},
      {"no dimensions", [](GgufBuilder& b) { b.tensors[0].dims = {}; }, "0 dimensions"},
      {"five dimensions",
       [](GgufBuilder& b) {
         b.tensors[0].dims = {1, 1, 1, 1, 4};
       },
       "5 dimensions"},
      {"a dimension of 0",
       [](GgufBuilder& b) {
         b.tensors[0].dims = {4, 0};
       },
       "dimension of 0"},
      {"a product that wraps",
       [](GgufBuilder& b) {
         b.tensors[0].dims = {1ull << 32, 1ull << 32};
       },
       "too large"},
      {"bytes that wrap", [](GgufBuilder& b) { b.tensors[0].dims = {1ull << 62}; }, "too large"},
      {"larger than the file", [](GgufBuilder& b) { b.tensors[1].dims = {1 << 20}; }, "the download is not complete"},
      {"type Q8_K", [](GgufBuilder& b) { b.tensors[0].type = kGgmlQ8_K; }, "type number 15"},
      {"type 2^32 - 1", [](GgufBuilder& b) { b.tensors[0].type = ~0u; }, "type number 4294967295"},
      {"blocks not whole", [](GgufBuilder& b) { b.tensors[0].type = kGgmlQ4_0; }, "no whole number of Q4_0 blocks"},
      {"data cut", [](GgufBuilder& b) { b.tensors[1].data.resize(15); }, "ends at byte"},
  };
  for (const Row& r : rows) {
    CAPTURE(std::string(r.what));
    GgufBuilder b;
    b.text("general.architecture", "llama").floats("t", {4}).floats("u", {4});
    REQUIRE(refusal(b.build()) == "");
    r.spoil(b);
    const std::string says = refusal(b.build());
    CAPTURE(says);
    REQUIRE(says != "");
    CHECK(says.find(r.says) != std::string::npos);
  }
}

TEST_CASE("names become Hugging Face's, unknown ones stay") {
  struct Row {
    const char *gguf, *hf;
  };
  for (const Row& r :
       {Row{"token_embd.weight", "model.embed_tokens.weight"}, Row{"output.weight", "lm_head.weight"},
        Row{"output_norm.weight", "model.norm.weight"},
        Row{"blk.0.attn_q.weight", "model.layers.0.self_attn.q_proj.weight"},
        Row{"blk.27.attn_k.bias", "model.layers.27.self_attn.k_proj.bias"},
        Row{"blk.3.attn_q_norm.weight", "model.layers.3.self_attn.q_norm.weight"},
        Row{"blk.3.ffn_norm.weight", "model.layers.3.post_attention_layernorm.weight"},
        Row{"blk.3.ffn_down.weight", "model.layers.3.mlp.down_proj.weight"},
        Row{"blk.03.ffn_down.weight", "blk.03.ffn_down.weight"}, Row{"blk.x.ffn_down.weight", "blk.x.ffn_down.weight"},
        Row{"blk.1.ffn_gate_exps.weight", "blk.1.ffn_gate_exps.weight"}, Row{"blk.1.", "blk.1."}, Row{"blk.", "blk."},
        Row{"blk.1.attn_q.scale", "blk.1.attn_q.scale"}})
    CHECK(gguf::hf_name(r.gguf) == r.hf);
}

TEST_CASE("only Llama's q and k are interleaved") {
  for (const char* arch : {"llama", "qwen2", "qwen3"}) {
    const std::string bytes = tiny_gguf(arch).build();
    const auto h = gguf::Header::parse(std::as_bytes(std::span(bytes)), bytes.size(), "m.gguf");
    REQUIRE(h.ok());
    const auto t = gguf::tensors(*h, *gguf::architecture(*h, "m"), "m.gguf");
    REQUIRE(t.ok());
    for (const TensorInfo& i : *t) {
      const bool qk = i.name.find("q_proj") != std::string::npos || i.name.find("k_proj") != std::string::npos;
      CHECK(i.interleaved_heads == (qk && std::string(arch) == "llama"));
    }
  }
}

TEST_CASE("a name that is there twice is refused") {
  GgufBuilder b = tiny_gguf();
  b.floats("blk.0.ffn_up.weight", {8, 12});
  const std::string bytes = b.build();
  const auto h = gguf::Header::parse(std::as_bytes(std::span(bytes)), bytes.size(), "m.gguf");
  REQUIRE(h.ok());
  const auto t = gguf::tensors(*h, Arch::kLlama, "m.gguf");
  REQUIRE(!t.ok());
  CHECK(t.error().text().find("mlp.up_proj") != std::string::npos);
}

}  // namespace
}  // namespace rm::weightfile
