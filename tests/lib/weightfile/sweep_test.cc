// Every prefix and ten thousand flipped bytes of good files: no crash, no false success. Runs under the sanitizers too.
#include <doctest/doctest.h>

#include <random>

#include "lib/base/fd.h"
#include "lib/weightfile/gguf.h"
#include "lib/weightfile/gguf_model.h"
#include "lib/weightfile/safetensors.h"
#include "lib/weightfile/tokenizer_gguf.h"
#include "lib/weightfile/tokenizer_json.h"
#include "tests/lib/weightfile/model_builder.h"

namespace rm::weightfile {
namespace {

using namespace testing;

// Whether all of a GGUF file in memory is accepted.
bool accept_gguf(std::string_view bytes) {
  const auto h = gguf::Header::parse(std::as_bytes(std::span(bytes)), bytes.size(), "m.gguf");
  if (!h) return false;
  const auto c = gguf::config(*h, {}, "m.gguf");
  const auto t = gguf::tensors(*h, c ? c->arch : Arch::kLlama, "m.gguf");
  const auto s = gguf::text_source(*h, "m.gguf");
  if (t) {
    for (const TensorInfo& i : *t) REQUIRE(i.offset + i.bytes <= bytes.size());
  }
  return c && t && s;
}

bool accept_safetensors(std::string_view bytes) {
  const auto first = std::as_bytes(std::span(bytes)).first(std::min<std::size_t>(8, bytes.size()));
  const auto n = safetensors_header_bytes(first, bytes.size(), "m.safetensors");
  if (!n) return false;
  const auto t = parse_safetensors(bytes.substr(8, *n), bytes.size(), "m.safetensors", 0);
  if (t) {
    for (const TensorInfo& i : *t) REQUIRE(i.offset + i.bytes <= bytes.size());
  }
  return t.ok();
}

bool accept_config(std::string_view text) { return config_from_json(text, "").ok(); }
bool accept_tokenizer(std::string_view text) { return vocab_from_json(text).ok(); }

struct Case {
  const char* what;
  std::string good;
  bool (*accept)(std::string_view);
};

std::vector<Case> cases() {
  std::uint64_t data = 0;
  const std::string header = safetensors_header(tiny_tensors(), &data);
  return {{"gguf", tiny_gguf().build(), accept_gguf},
          {"safetensors", le<std::uint64_t>(header.size()) + header + std::string(data, '\3'), accept_safetensors},
          {"config.json", tiny_config(), accept_config},
          {"tokenizer.json", tiny_tokenizer(), accept_tokenizer}};
}

TEST_CASE("no proper prefix of a model file is accepted") {
  for (const Case& c : cases()) {
    CAPTURE(std::string(c.what));
    CHECK(c.accept(c.good));
    std::size_t accepted = 0;
    for (std::size_t n = 0; n < c.good.size(); ++n) {
      // A copy of its own, so that reading one byte too many is seen.
      const std::vector<char> prefix(c.good.begin(), c.good.begin() + static_cast<std::ptrdiff_t>(n));
      accepted += c.accept({prefix.data(), prefix.size()});
    }
    CHECK(accepted == 0);
  }
}

TEST_CASE("flipped bytes never crash a reader") {
  std::mt19937 rng(1);
  for (const Case& c : cases()) {
    CAPTURE(std::string(c.what));
    std::size_t refused = 0;
    for (int i = 0; i < 10'000; ++i) {
      std::string bytes = c.good;
      const int flips = 1 + static_cast<int>(rng() % 4);
      // Mostly in the front, where the lengths are.
      const std::size_t reach = rng() % 2 ? bytes.size() : std::min<std::size_t>(bytes.size(), 2048);
      for (int k = 0; k < flips; ++k) bytes[rng() % reach] = static_cast<char>(rng());
      refused += !c.accept(bytes);
    }
    CHECK(refused > 1000);
  }
}

TEST_CASE("flipped bytes of whole files on disk never crash opening and reading") {
  std::mt19937 rng(2);
  const TempFolder f;
  const std::string good = tiny_gguf("qwen2").build();
  for (int i = 0; i < 500; ++i) {
    std::string bytes = good;
    for (int k = 0; k < 2; ++k) bytes[rng() % 2500] = static_cast<char>(rng());
    const auto m = WeightFile::open(f.write("m.gguf", bytes));
    if (!m) continue;
    (void)check_against_plan(**m);
    for (const TensorInfo& t : (*m)->tensors()) {
      std::vector<std::byte> raw(t.bytes);
      REQUIRE((*m)->read(t, 0, raw).ok());
      std::vector<float> floats(t.bytes / block_bytes(t.dtype) * block_elements(t.dtype));
      dequantise(t.dtype, raw, floats);
    }
  }
}

}  // namespace
}  // namespace rm::weightfile
