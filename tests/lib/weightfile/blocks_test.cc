#include "lib/weightfile/blocks.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "lib/base/rng.h"

namespace rm::weightfile {
namespace {

constexpr std::size_t kWeights = 2048;

struct Rows {
  std::vector<std::uint8_t> q = std::vector<std::uint8_t>(kWeights);
  std::vector<float> scale = std::vector<float>(kWeights / 16), minimum = scale;
  int bits = 8;
  BlockSpan span() { return {bits, q.data(), scale.data(), minimum.data()}; }
  float at(std::size_t i) const {
    if (bits == 6) return scale[i / 16] * (static_cast<float>(q[i]) - 32);
    const std::size_t b = i / kBlockWeights;
    return scale[b] * static_cast<float>(q[i]) - minimum[b];
  }
};

// Bytes as they come, but for the halves: small positive numbers, so that nothing overflows.
std::vector<std::byte> random_blocks(DType t, Rng& rng) {
  const std::size_t each = block_bytes(t), count = kWeights / block_elements(t);
  std::vector<std::byte> out(each * count);
  for (std::byte& b : out) b = static_cast<std::byte>(rng.next());
  const auto half = [&](std::size_t at) {
    const auto h = static_cast<std::uint16_t>(0x2000 + rng.next() % 0x0C00);  // 0.0078 to 0.06
    std::memcpy(out.data() + at, &h, 2);
  };
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = i * each;
    t == DType::kQ6_K ? half(at + 208) : half(at);
    if (t == DType::kQ4_1 || t == DType::kQ5_1 || t == DType::kQ4_K || t == DType::kQ5_K) half(at + 2);
  }
  return out;
}

// dequantise() is held to the gguf library bit for bit by its own test.
TEST_CASE("blocks say what the file's own format says") {
  Rng rng(7);
  for (const DType t : {DType::kQ4_0, DType::kQ4_1, DType::kQ5_0, DType::kQ5_1, DType::kQ8_0, DType::kQ4_K,
                        DType::kQ5_K, DType::kQ6_K}) {
    CAPTURE(std::string(name(t)));
    const std::vector<std::byte> raw = random_blocks(t, rng);
    std::vector<float> wanted(kWeights);
    dequantise(t, raw, wanted);
    Rows rows;
    rows.bits = quantised_bits(t);
    to_blocks(t, raw, kWeights, rows.span());
    double worst = 0;
    for (std::size_t i = 0; i < kWeights; ++i) {
      CHECK(rows.q[i] < 1 << rows.bits);
      const std::size_t b = i / 32 * scales_of_block(rows.bits);
      const double most = std::abs(rows.minimum[i / 32]) + 255 * std::abs(rows.scale[b]);
      worst =
          std::max(worst, rows.bits == 6 ? 1e9 * (rows.at(i) != wanted[i]) : std::abs(rows.at(i) - wanted[i]) / most);
    }
    CHECK(worst < 2e-7);
  }
  for (const DType t : {DType::kF32, DType::kF16, DType::kBF16}) CHECK(quantised_bits(t) == 0);
}

TEST_CASE("floats are rounded to the nearest of 256 steps; what is not finite counts as 0") {
  Rng rng(8);
  std::vector<float> w(kWeights);
  for (float& x : w) x = static_cast<float>(rng.uniform() * 2 - 1.3);
  w[5] = std::numeric_limits<float>::infinity();
  w[6] = std::nanf("");
  for (std::size_t i = 32; i < 64; ++i) w[i] = 0.25f;  // all alike
  for (std::size_t i = 64; i < 96; ++i) w[i] = 0;
  Rows rows;
  round_to_blocks(w, rows.span());
  for (std::size_t i = 0; i < kWeights; ++i) {
    CAPTURE(i);
    const float wanted = i == 5 || i == 6 ? 0 : w[i];
    CHECK(std::abs(rows.at(i) - wanted) <= 0.501f * rows.scale[i / 32] + 1e-7f);
  }
}

}  // namespace
}  // namespace rm::weightfile
