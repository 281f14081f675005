#include "lib/weightfile/tokenizer_gguf.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <functional>

#include "lib/text/tokenizer.h"
#include "tests/lib/weightfile/model_builder.h"

namespace rm::weightfile {
namespace {

using namespace testing;

Result<TextSource> text_of(const GgufBuilder& b) {
  const std::string bytes = b.build();
  const auto h = gguf::Header::parse(std::as_bytes(std::span(bytes)), bytes.size(), "m.gguf");
  REQUIRE(h.ok());
  return gguf::text_source(*h, "m.gguf");
}

TEST_CASE("metadata becomes a vocabulary with its added tokens apart") {
  const auto s = text_of(tiny_gguf("qwen2"));
  if (!s) FAIL(s.error().text());
  CHECK(s->vocab.split == text::Split::kQwen2);
  CHECK(s->vocab.nfc);
  REQUIRE(s->vocab.tokens.size() == 8);
  CHECK(s->vocab.tokens[3] == "ab");
  CHECK(s->vocab.tokens[5].empty());
  CHECK(s->vocab.tokens[7].empty());  // unused
  REQUIRE(s->vocab.added.size() == 2);
  CHECK(s->vocab.added[0].text == "<|end|>");
  CHECK(s->vocab.added[0].special);
  CHECK(!s->vocab.added[1].special);
  CHECK(s->vocab.bos == 5);
  CHECK(s->bos_text == "<|end|>");
  CHECK(!s->vocab.add_bos);
  CHECK(s->chat_template == "{% for m in messages %}");
}

TEST_CASE("the family comes from tokenizer.ggml.pre") {
  struct Row {
    const char* pre;
    text::Split split;
    bool nfc, ignore_merges, add_bos;
  };
  for (const Row& r : {Row{"qwen2", text::Split::kQwen2, true, false, false},
                       Row{"deepseek-r1-qwen", text::Split::kQwen2, true, false, true},
                       Row{"llama-bpe", text::Split::kLlama3, false, true, true},
                       Row{"gpt-2", text::Split::kGpt2, false, false, false},
                       Row{"smollm", text::Split::kSmolLm, false, false, false}}) {
    CAPTURE(std::string(r.pre));
    const auto s = text_of(tiny_gguf()
                               .drop_key("tokenizer.ggml.pre")
                               .text("tokenizer.ggml.pre", r.pre)
                               .drop_key("tokenizer.ggml.add_bos_token"));
    REQUIRE(s.ok());
    CHECK(s->vocab.split == r.split);
    CHECK(s->vocab.nfc == r.nfc);
    CHECK(s->vocab.ignore_merges == r.ignore_merges);
    CHECK(s->vocab.add_bos == r.add_bos);
  }
}

TEST_CASE("hostile tokenizers are refused, naming the key") {
  struct Row {
    const char* key;
    std::function<void(GgufBuilder&)> put;  // after the key was dropped
    const char* says;
  };
  const std::vector<Row> rows = {
      {"tokenizer.ggml.model", [](GgufBuilder&) {}, "is missing"},
      {"tokenizer.ggml.model", [](GgufBuilder& b) { b.text("tokenizer.ggml.model", "llama"); },
       "\"llama\"; only byte-level BPE"},
      {"tokenizer.ggml.pre", [](GgufBuilder&) {}, "is missing"},
      {"tokenizer.ggml.pre", [](GgufBuilder& b) { b.text("tokenizer.ggml.pre", "tekken"); },
       "\"tekken\"; supported are qwen2"},
      {"tokenizer.ggml.tokens", [](GgufBuilder&) {}, "is missing"},
      {"tokenizer.ggml.tokens",
       [](GgufBuilder& b) {
         b.i32s("tokenizer.ggml.tokens", {1, 2});
       },
       "no list of strings"},
      {"tokenizer.ggml.tokens", [](GgufBuilder& b) { b.text("tokenizer.ggml.tokens", "a"); }, "no list of strings"},
      {"tokenizer.ggml.tokens",
       [](GgufBuilder& b) {
         b.texts("tokenizer.ggml.tokens", {"a", std::string(1 << 20, 'x')});
       },
       "entry 1 is longer"},
      {"tokenizer.ggml.token_type", [](GgufBuilder&) {}, "is missing"},
      {"tokenizer.ggml.token_type", [](GgufBuilder& b) { b.i32s("tokenizer.ggml.token_type", {1}); },
       "1 entries for 8 tokens"},
      {"tokenizer.ggml.token_type",
       [](GgufBuilder& b) {
         b.i32s("tokenizer.ggml.token_type", {1, 1, 1, 1, 1, 1, 1, 99});
       },
       "entry 7"},
      {"tokenizer.ggml.merges", [](GgufBuilder& b) { b.texts("tokenizer.ggml.merges", {"ab"}); }, "entry 0 is no pair"},
      {"tokenizer.ggml.merges", [](GgufBuilder& b) { b.texts("tokenizer.ggml.merges", {"a b c"}); },
       "entry 0 is no pair"},
      {"tokenizer.ggml.bos_token_id", [](GgufBuilder& b) { b.u32("tokenizer.ggml.bos_token_id", 8); },
       "is 8; the vocabulary has 8"},
      {"tokenizer.ggml.add_bos_token", [](GgufBuilder& b) { b.u32("tokenizer.ggml.add_bos_token", 1); },
       "expected a bool"},
      {"tokenizer.chat_template", [](GgufBuilder& b) { b.u32("tokenizer.chat_template", 1); }, "expected a string"},
  };
  for (const Row& r : rows) {
    GgufBuilder b = tiny_gguf();
    b.drop_key(r.key);
    r.put(b);
    const auto s = text_of(b);
    CAPTURE(std::string(r.key));
    CAPTURE(std::string(r.says));
    REQUIRE(!s.ok());
    CHECK(s.error().exit == Exit::kModel);
    CAPTURE(s.error().text());
    CHECK(s.error().text().find(r.key) != std::string::npos);
    CHECK(s.error().text().find(r.says) != std::string::npos);
  }
}

TEST_CASE("published vocabularies make tokenizers") {
  const char* shared = std::getenv("RM_SHARED");
  const std::string folder =
      (shared ? std::string(shared) : std::string(RM_SOURCE_DIR) + "/../shared") + "/data/vocab/";
  struct Row {
    const char* file;
    std::size_t size, merges;
  };
  for (const Row& r : {Row{"ggml-vocab-qwen2.gguf", 151936, 151387}, Row{"ggml-vocab-llama-bpe.gguf", 128256, 280147},
                       Row{"ggml-vocab-gpt-2.gguf", 50257, 50000}}) {
    if (!std::filesystem::exists(folder + r.file)) {
      MESSAGE("skipped: no " << folder << r.file);
      continue;
    }
    auto s = gguf::read_text(folder + r.file);
    if (!s) FAIL(s.error().text());
    CHECK(s->vocab.tokens.size() == r.size);
    CHECK(s->vocab.merges.size() == r.merges);
    CHECK(text::Tokenizer::make(std::move(s->vocab)).ok());
  }
}

}  // namespace
}  // namespace rm::weightfile
