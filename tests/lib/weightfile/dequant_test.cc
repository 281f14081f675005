#include <doctest/doctest.h>
#include <zlib.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {
namespace {

std::string inflate_golden(const std::string& name) {
  std::ifstream f(std::string(RM_SOURCE_DIR) + "/tests/golden/weightfile/" + name, std::ios::binary);
  const std::string packed((std::istreambuf_iterator<char>(f)), std::istreambuf_iterator<char>());
  std::string out(8u << 20, '\0');
  uLongf n = out.size();
  REQUIRE(uncompress(reinterpret_cast<Bytef*>(out.data()), &n, reinterpret_cast<const Bytef*>(packed.data()),
                     packed.size()) == Z_OK);
  out.resize(n);
  return out;
}

constexpr DType kAll[] = {DType::kF32,  DType::kF16,  DType::kBF16, DType::kQ4_0, DType::kQ4_1, DType::kQ5_0,
                          DType::kQ5_1, DType::kQ8_0, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K};

TEST_CASE("every type decodes to the gguf library's floats, bit for bit") {
  const std::string golden = inflate_golden("dequant.z");
  std::size_t at = 0;
  int seen = 0;
  while (at < golden.size()) {
    const std::size_t line = golden.find('\n', at);
    REQUIRE(line != golden.npos);
    std::istringstream head(golden.substr(at, line - at));
    std::string type;
    std::size_t bytes = 0, count = 0;
    head >> type >> bytes >> count;
    CAPTURE(type);
    at = line + 1;
    REQUIRE(at + bytes + 4 * count <= golden.size());
    std::vector<float> expected(count), got(count, -1.0f);
    std::memcpy(expected.data(), golden.data() + at + bytes, 4 * count);
    for (const DType t : kAll) {
      if (name(t) != type) continue;
      ++seen;
      REQUIRE(bytes / block_bytes(t) * block_elements(t) == count);
      dequantise(t, std::as_bytes(std::span(golden)).subspan(at, bytes), got);
      for (std::size_t i = 0; i < count; ++i) {
        if (std::memcmp(&got[i], &expected[i], 4) == 0) continue;
        CAPTURE(i);
        REQUIRE(got[i] == expected[i]);  // says both values
        REQUIRE(std::signbit(got[i]) == std::signbit(expected[i]));
      }
    }
    at += bytes + 4 * count;
  }
  CHECK(seen == 11);
}

TEST_CASE("a half's infinities and NaN stay what they are") {
  const std::uint16_t in[] = {0x7C00, 0xFC00, 0x7E00};
  float out[3] = {};
  dequantise(DType::kF16, std::as_bytes(std::span(in)), out);
  CHECK(out[0] == std::numeric_limits<float>::infinity());
  CHECK(out[1] == -std::numeric_limits<float>::infinity());
  CHECK(out[2] != out[2]);
}

TEST_CASE("decoding stops at the shorter side and leaves the rest alone") {
  const std::vector<std::byte> blocks(18 * 3 + 5);
  std::vector<float> out(200, 7.0f);
  dequantise(DType::kQ4_0, blocks, out);
  CHECK(out[95] == 0.0f);
  CHECK(out[96] == 7.0f);
  std::vector<float> few(40, 7.0f);
  dequantise(DType::kQ4_0, blocks, few);
  CHECK(few[31] == 0.0f);
  CHECK(few[32] == 7.0f);
  dequantise(DType::kF32, {}, {});
}

}  // namespace
}  // namespace rm::weightfile
