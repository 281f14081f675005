// Quantised products of every instruction set of this machine against the formula of kernels.h, written plainly in doubles.
#include <cmath>
#include <string>
#include <vector>

#include "lib/ops/cpu/cpu_backend.h"
#include "tests/lib/ops/tables.h"

#undef CHECK  // c10's; doctest's is meant
#include <doctest/doctest.h>

using namespace rm::ops;

namespace {

// Rows of random weights, those of each range in its own form.
struct Weights {
  std::vector<QuantisedRange> ranges;
  std::int64_t in, out = 0;
  std::vector<std::uint8_t> q;
  std::vector<float> scale, minimum;  // scales: room for two of each block

  Weights(std::vector<QuantisedRange> ranges_, std::int64_t in_) : ranges(std::move(ranges_)), in(in_) {
    for (const QuantisedRange& r : ranges) {
      const at::Tensor a = at::randint(1 << r.bits, {r.rows * in}, at::kInt);
      for (std::int64_t i = 0; i < r.rows * in; ++i) q.push_back(static_cast<std::uint8_t>(a[i].item<int>()));
      out += r.rows;
    }
    // As Q6_K has them, scales of 6 bits may be negative.
    const at::Tensor s = at::rand({out * in / 16}) * 0.02, m = at::randn({out * in / 32}) * 0.1;
    scale.assign(s.const_data_ptr<float>(), s.const_data_ptr<float>() + s.numel());
    minimum.assign(m.const_data_ptr<float>(), m.const_data_ptr<float>() + m.numel());
    for (std::int64_t i = 0; i < out * in / 16; ++i)
      if (bits_of(i * 16 / in) == 6 && i % 3 == 0) scale[static_cast<std::size_t>(i)] *= -1;
  }
  int bits_of(std::int64_t row) const {
    for (const QuantisedRange& r : ranges) {
      if (row < r.rows) return r.bits;
      row -= r.rows;
    }
    return 0;
  }
  std::int64_t scale_of(std::int64_t row) const { return row * in / 16; }
  double at(std::int64_t o, std::int64_t k) const {
    const auto value = double(q[static_cast<std::size_t>(o * in + k)]);
    const auto i = static_cast<std::size_t>(scale_of(o));
    if (bits_of(o) == 6) return scale[i + static_cast<std::size_t>(k) / 16] * (value - 32);
    return scale[i + static_cast<std::size_t>(k) / 32] * value - minimum[static_cast<std::size_t>((o * in + k) / 32)];
  }
  // Into a matrix, row by row from the last to the first.
  Matrix put(cpu::CpuBackend& b, at::ScalarType type) {
    Matrix m = b.make_quantised(ranges, in, type);
    for (std::int64_t o = out; o-- > 0;)
      b.put_blocks(m, o, 1, {bits_of(o), q.data() + o * in, scale.data() + scale_of(o), minimum.data() + o * in / 32});
    return m;
  }
};

// Activations as they are rounded: 127 steps to the largest of each 32.
std::vector<double> rounded(const at::Tensor& x) {
  std::vector<double> out;
  const std::int64_t n = x.numel();
  const float* v = x.const_data_ptr<float>();
  for (std::int64_t first = 0; first < n; first += 32) {
    float most = 0;
    for (std::int64_t i = first; i < std::min(first + 32, n); ++i) most = std::max(most, std::abs(v[i]));
    for (std::int64_t i = first; i < std::min(first + 32, n); ++i)
      out.push_back(most > 0 ? std::nearbyint(v[i] * (127.0f / most)) * most / 127 : 0);
  }
  return out;
}

// On AMX activations and weights are rounded to bf16 instead.
std::vector<double> rounded_to_bf16(const at::Tensor& x) {
  const at::Tensor r = x.to(at::kBFloat16).to(at::kDouble).contiguous();
  return {r.const_data_ptr<double>(), r.const_data_ptr<double>() + r.numel()};
}
at::Tensor weights_as_used(const cpu::KernelTable& table, const at::Tensor& w) {
  return table.quantise_row ? w : w.to(at::kBFloat16).to(at::kFloat);
}

template <class F>
void on_every_table(F f) {
  for (const cpu::KernelTable* table : cpu::tested_tables()) {
    CAPTURE(std::string(table->name));
    f(*table);
  }
}
template <class F>
void on_every_kernel(F f) {
  on_every_table([&](const cpu::KernelTable& table) {
    cpu::CpuBackend backend(table);
    f(backend);
  });
}

bool same_bits(const at::Tensor& a, const at::Tensor& b) { return at::equal(a.contiguous(), b.contiguous()); }

}  // namespace

TEST_CASE("a quantised product is the sum that the layout describes, for any number of rows and columns") {
  on_every_table([](const cpu::KernelTable& table) {
    cpu::CpuBackend b(table);
    at::manual_seed(5);
    struct Shape {
      std::vector<QuantisedRange> ranges;
      std::int64_t in, rows;
    };
    for (const Shape& s :
         {Shape{{{64, 4}}, 32, 1}, Shape{{{64, 8}}, 32, 1}, Shape{{{64, 6}}, 32, 1}, Shape{{{128, 4}, {64, 8}}, 256, 2},
          Shape{{{70, 4}, {33, 8}}, 544, 3}, Shape{{{64, 4}, {64, 8}}, 1536, 4}, Shape{{{5, 4}}, 288, 5},
          Shape{{{7, 8}}, 512, 7}, Shape{{{96, 4}, {96, 8}}, 800, 13}, Shape{{{128, 6}}, 544, 3},
          Shape{{{64, 6}, {64, 4}, {64, 8}}, 768, 6}, Shape{{{9, 6}}, 320, 9},
          Shape{{{100, 4}, {60, 6}, {10, 8}}, 288, 5}}) {
      CAPTURE(s.in);
      CAPTURE(s.rows);
      Weights w(s.ranges, s.in);
      const std::int64_t out = w.out;
      CAPTURE(out);
      Matrix m = w.put(b, at::kFloat);
      REQUIRE(m.out == out);
      const at::Tensor x = at::randn({s.rows, s.in}), bias = at::randn({out}), y = b.matmul(m, x, bias, at::kFloat);
      const at::Tensor plain = b.take_rows(m, at::arange(out, at::kLong));
      const at::Tensor used = weights_as_used(table, plain);
      const float *from = plain.const_data_ptr<float>(), *weight = used.const_data_ptr<float>();
      double worst = 0, size = 0;
      for (std::int64_t t = 0; t < s.rows; ++t) {
        const std::vector<double> v = table.quantise_row ? rounded(x[t]) : rounded_to_bf16(x[t]);
        for (std::int64_t o = 0; o < out; ++o) {
          double sum = bias[o].item<float>();
          for (std::int64_t k = 0; k < s.in; ++k) sum += v[static_cast<std::size_t>(k)] * weight[o * s.in + k];
          worst = std::max(worst, std::abs(sum - y[t][o].item<float>()));
          size = std::max(size, std::abs(sum));
        }
      }
      CHECK(worst < 2e-5 * size);
      double off = 0;  // scales and minimums are halves; 6 bits beside others become 8
      for (std::int64_t o = 0; o < out; ++o)
        for (std::int64_t k = 0; k < s.in; ++k) off = std::max(off, std::abs(from[o * s.in + k] - w.at(o, k)));
      CHECK(off < 255 * 0.02 / 1024);
    }
  });
}

TEST_CASE("activations in bf16 give what the same numbers in f32 give") {
  on_every_kernel([](cpu::CpuBackend& b) {
    at::manual_seed(6);
    Weights w({{64, 4}, {64, 6}}, 512);
    const Matrix half = w.put(b, at::kBFloat16), whole = w.put(b, at::kFloat);
    const at::Tensor x = at::randn({3, 512}).to(at::kBFloat16);
    CHECK(same_bits(b.matmul(half, x, {}, at::kFloat), b.matmul(whole, x.to(at::kFloat), {}, at::kFloat)));
  });
}

TEST_CASE("a row's result does not depend on the rows beside it") {
  on_every_kernel([](cpu::CpuBackend& b) {
    at::manual_seed(7);
    Weights w({{64, 4}, {64, 8}, {64, 6}}, 768);
    const Matrix m = w.put(b, at::kFloat);
    const at::Tensor x = at::randn({31, 768}), all = b.matmul(m, x, {}, at::kFloat);
    for (const std::int64_t n : {1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 24})
      CHECK(same_bits(b.matmul(m, x.narrow(0, 31 - n, n).contiguous(), {}, at::kFloat), all.narrow(0, 31 - n, n)));
  });
}

TEST_CASE("an activation that is not finite is not rounded away") {
  on_every_kernel([](cpu::CpuBackend& b) {
    Weights w({{64, 8}, {64, 6}}, 256);
    const Matrix m = w.put(b, at::kFloat);
    for (const float bad : {INFINITY, -INFINITY, NAN}) {
      at::Tensor x = at::ones({2, 256});
      x[1][100] = bad;
      const at::Tensor y = b.matmul(m, x, {}, at::kFloat);
      CHECK(std::isfinite(y[0].sum().item<float>()));
      CHECK(!std::isfinite(y[1][3].item<float>()));
      CHECK(!std::isfinite(y[1][70].item<float>()));
    }
  });
}
