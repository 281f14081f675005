// Copies of a model have one fingerprint, other models another.
#include "lib/weightfile/fingerprint.h"

#include <doctest/doctest.h>

#include "tests/lib/weightfile/model_builder.h"

using namespace rm;
using namespace rm::weightfile;
using namespace rm::weightfile::testing;

namespace {

constexpr std::uint64_t kLarge = 5000;  // rows of a table of 80,000 bytes: three pieces leave most of it out

// A model of zeros, but for the byte at `at` of the last tensor's data, counted from its end.
std::string print_of(const TempFolder& t, std::string config, std::optional<std::uint64_t> at = {}) {
  Tensors tensors = tiny_tensors();
  for (auto& [name, shape] : tensors) {
    if (name == "model.embed_tokens.weight" || name == "lm_head.weight") shape[0] = kLarge;
  }
  config.replace(config.find("\"vocab_size\": 8"), 15, "\"vocab_size\": 5000");
  t.write("config.json", config);
  write_safetensors(t.at("model.safetensors"), tensors);
  if (at) {
    std::fstream f(t.at("model.safetensors"), std::ios::in | std::ios::out | std::ios::binary);
    f.seekp(-static_cast<std::streamoff>(*at), std::ios::end);
    f.put(1);
  }
  const auto file = WeightFile::open(t.path());
  REQUIRE(file.ok());
  const auto print = fingerprint(**file);
  REQUIRE(print.ok());
  CHECK(print->size() == 32);
  return *print;
}

}  // namespace

TEST_CASE("a copy is the same model; another number, configuration or shape is another model") {
  const TempFolder a, b;
  const std::string one = print_of(a, tiny_config());
  CHECK(print_of(b, tiny_config()) == one);
  const std::uint64_t all = kLarge * 8 * 2;                          // bytes of the last tensor
  for (const std::uint64_t at : {std::uint64_t{1}, all / 2, all}) {  // its end, middle and begin
    CAPTURE(at);
    CHECK(print_of(b, tiny_config(), at) != one);
  }
  CHECK(print_of(b, tiny_config(), all / 4) == one);  // what is not read
  std::string other = tiny_config();
  other.replace(other.find("1000000.0"), 9, "500000.00");
  CHECK(print_of(b, other) != one);
}
