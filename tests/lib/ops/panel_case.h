// One panel of weights with random activations, in the layouts of kernels.h, and the product by plain formula in doubles: for
// tests of kernels that take activations in bf16. No tensors.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "lib/ops/cpu/kernels.h"

namespace rm::ops::cpu {

struct PanelShape {
  std::int64_t rows = 1, columns = kPanel, k = 32;
  int bits = 16;  // 16: bf16
  bool bias = false, bf16_out = false;
};

class PanelCase {
 public:
  PanelCase(const PanelShape& shape, std::uint64_t seed) : s(shape), random_(seed) {
    lda_ = s.k + (s.bits == 16 ? 6 : 0);
    for (std::int64_t i = 0; i < s.rows * lda_; ++i) x.push_back(bf16(normal()));
    for (int i = 0; i < kPanel; ++i) bias_.push_back(normal());
    weights_.resize(static_cast<std::size_t>(s.k * kPanel));
    s.bits == 16 ? make_bf16() : make_blocks();
  }

  // What a table makes of rows [first, first + rows), as the bits of its results. `outside` becomes true where it wrote to
  // memory beside them.
  std::vector<std::uint32_t> run(const KernelTable& table, std::int64_t first, std::int64_t rows, bool* outside) const {
    const std::int64_t ldo = s.columns + 3;
    const auto element = static_cast<std::int64_t>(s.bf16_out ? 2 : 4);
    std::vector<float> scratch(static_cast<std::size_t>((rows + 1) * kPanel), kMark);
    std::vector<unsigned char> out(static_cast<std::size_t>(rows * ldo * element), 0xA5);
    PanelOut to{scratch.data(), s.bias ? bias_.data() : nullptr, out.data(), ldo, s.columns, s.bf16_out};
    if (s.bits == 16) {
      table.panel_bf16({x.data() + first * lda_, lda_, rows, s.k, panel_.data(), to});
    } else {
      QuantisedJob j;
      j.x = x.data() + first * lda_;
      j.rows = rows;
      j.k = s.k;
      j.panel = panel_.data();
      j.bits = s.bits;
      j.to = to;
      table.panel_quantised(j);
    }
    *outside = false;
    for (int i = 0; i < kPanel; ++i) *outside |= scratch[static_cast<std::size_t>(rows * kPanel + i)] != kMark;
    std::vector<std::uint32_t> bits;
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < ldo; ++c) {
        std::uint32_t word = 0;
        std::memcpy(&word, out.data() + (r * ldo + c) * element, static_cast<std::size_t>(element));
        if (c < s.columns)
          bits.push_back(s.bf16_out ? word << 16 : word);
        else
          *outside |= word != (s.bf16_out ? 0xA5A5u : 0xA5A5A5A5u);
      }
    }
    return bits;
  }

  // The largest error of results for all rows, in units of what the order of f32 sums and the result's rounding allow.
  double error(const std::vector<std::uint32_t>& results) const {
    double worst = 0;
    for (std::int64_t r = 0; r < s.rows; ++r) {
      for (std::int64_t c = 0; c < s.columns; ++c) {
        double sum = 0, size = 0;
        for (std::int64_t k = 0; k < s.k; ++k) {
          const double product = double(value(x[static_cast<std::size_t>(r * lda_ + k)])) *
                                 weights_[static_cast<std::size_t>(k * kPanel + c)];
          sum += product;
          size += std::abs(product);
        }
        const double factor = factor_.empty() ? 1.0 : factor_[static_cast<std::size_t>(c)];
        const double bias = s.bias ? bias_[static_cast<std::size_t>(c)] : 0.0, expected = sum * factor + bias;
        const double allowed = double(s.k + 4) * 0x1p-24 * size * factor + 0x1p-23 * std::abs(expected) +
                               (s.bf16_out ? 0x1p-8 * std::abs(expected) : 0);
        float got = 0;
        std::memcpy(&got, &results[static_cast<std::size_t>(r * s.columns + c)], 4);
        const double off = std::abs(got - expected) / allowed;
        worst = off <= worst ? worst : off;  // NaN stays
      }
    }
    return worst;
  }

  PanelShape s;
  std::vector<std::uint16_t> x;  // [rows, k]; rows end with some numbers that nobody may use where weights are bf16

  static std::uint16_t bf16(float v) {
    std::uint32_t b = 0;
    std::memcpy(&b, &v, 4);
    return static_cast<std::uint16_t>((b + 0x7fff + ((b >> 16) & 1)) >> 16);
  }
  static float value(std::uint16_t h) {
    const std::uint32_t b = std::uint32_t{h} << 16;
    float v = 0;
    std::memcpy(&v, &b, 4);
    return v;
  }

 private:
  static constexpr float kMark = -12345.0f;

  float normal() { return std::normal_distribution<float>()(random_); }
  std::int64_t below(std::int64_t n) { return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random_); }

  void make_bf16() {
    panel_.resize(static_cast<std::size_t>(s.k * kPanel * 2));
    for (std::int64_t k = 0; k < s.k; ++k) {
      for (std::int64_t c = 0; c < kPanel; ++c) {
        const std::uint16_t w = bf16(c < s.columns ? normal() : 0.0f);
        std::memcpy(panel_.data() + ((k / 2 * kPanel + c) * 2 + k % 2) * 2, &w, 2);
        weights_[static_cast<std::size_t>(k * kPanel + c)] = value(w);
      }
    }
  }

  // A half of magnitude 2^exponent to twice that, and its value.
  std::uint16_t half(int exponent, bool negative, float* v) {
    const auto digits = static_cast<std::uint16_t>(below(1024));
    *v = std::ldexp(1.0f + static_cast<float>(digits) / 1024, exponent) * (negative ? -1.0f : 1.0f);
    return static_cast<std::uint16_t>((negative ? 0x8000 : 0) | (exponent + 15) << 10 | digits);
  }

  void make_blocks() {
    const std::int64_t bytes = block_bytes(s.bits), blocks = s.k / kBlockWeights;
    panel_.resize(static_cast<std::size_t>(kPanel * 4 + blocks * bytes));
    for (std::int64_t c = 0; c < kPanel; ++c) {
      factor_.push_back(std::ldexp(1.0f, static_cast<int>(below(9)) - 6));
      std::memcpy(panel_.data() + c * 4, &factor_.back(), 4);
      for (std::int64_t b = 0; b < blocks; ++b) {
        unsigned char* block = panel_.data() + kPanel * 4 + b * bytes;
        float scale = 0, minimum = 0;
        const std::uint16_t halves[2] = {half(-1 - static_cast<int>(below(6)), below(8) == 0, &scale),
                                         half(-1 - static_cast<int>(below(3)), below(2) == 0, &minimum)};
        const std::int64_t first = s.bits == 6 ? kHalfBytes6 - 2 * kPanel : bytes - 4 * kPanel;
        std::memcpy(block + first + c * 2, &halves[0], 2);
        std::memcpy(block + bytes - 2 * kPanel + c * 2, &halves[1], 2);
        for (std::int64_t i = 0; i < kBlockWeights; ++i) {
          const std::int64_t q = below(std::int64_t{1} << s.bits), group = i / 4;
          const std::int64_t lane = c * 4 + i % 4, row = kPanel * 4;
          unsigned char* half = block + i / 16 * kHalfBytes6;  // of 6 bits
          const auto low = static_cast<unsigned char>(group % 2 == 0 ? q & 15 : (q & 15) << 4);
          if (s.bits == 8) block[group * row + lane] = static_cast<unsigned char>(q);
          if (s.bits == 4) block[group / 2 * row + lane] |= low;
          if (s.bits == 6) half[(1 + group % 4 / 2) * row + lane] |= low;
          if (s.bits == 6) half[lane] |= static_cast<unsigned char>(q / 16 << group % 4 * 2);
          // With 6 bits the second half is the scale of the last 16.
          const float w = s.bits == 6 ? (i < 16 ? scale : minimum) * static_cast<float>(q - 32)
                                      : scale * static_cast<float>(q) - minimum;
          weights_[static_cast<std::size_t>((b * kBlockWeights + i) * kPanel + c)] = value(bf16(w));
        }
      }
    }
  }

  std::mt19937_64 random_;
  std::int64_t lda_ = 0;
  std::vector<unsigned char> panel_;
  std::vector<float> weights_, factor_, bias_;  // weights [k, kPanel] without factors, as they are rounded to bf16
};

}  // namespace rm::ops::cpu
