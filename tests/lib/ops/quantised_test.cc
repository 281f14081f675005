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

struct Weights {
  std::vector<std::uint8_t> q;
  std::vector<float> scale, minimum;
  std::int64_t in;
  Weights(std::int64_t out, std::int64_t in_, int bits) : in(in_) {
    const at::Tensor a = at::randint(bits == 4 ? 16 : 256, {out * in}, at::kInt), s = at::rand({out * in / 32}) * 0.02,
                     m = at::randn({out * in / 32}) * 0.1;
    for (std::int64_t i = 0; i < out * in; ++i) q.push_back(static_cast<std::uint8_t>(a[i].item<int>()));
    scale.assign(s.const_data_ptr<float>(), s.const_data_ptr<float>() + s.numel());
    minimum.assign(m.const_data_ptr<float>(), m.const_data_ptr<float>() + m.numel());
  }
  rm::weightfile::BlockSpan rows(std::int64_t first) {
    return {q.data() + first * in, scale.data() + first * in / 32, minimum.data() + first * in / 32};
  }
  double at(std::int64_t o, std::int64_t k) const {
    const auto b = static_cast<std::size_t>((o * in + k) / 32);
    return double(scale[b]) * q[static_cast<std::size_t>(o * in + k)] - minimum[b];
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
      std::int64_t four, eight, in, rows;  // outputs in 4 and in 8 bits
    };
    for (const Shape& s : {Shape{64, 0, 32, 1}, Shape{0, 64, 32, 1}, Shape{128, 64, 256, 2}, Shape{70, 33, 544, 3},
                           Shape{64, 64, 1536, 4}, Shape{5, 0, 288, 5}, Shape{0, 7, 512, 7}, Shape{96, 96, 800, 13}}) {
      const std::int64_t out = s.four + s.eight;
      CAPTURE(out);
      CAPTURE(s.in);
      CAPTURE(s.rows);
      Weights w(out, s.in, 4);
      if (s.eight > 0) {
        Weights more(s.eight, s.in, 8);
        std::copy(more.q.begin(), more.q.end(), w.q.begin() + s.four * s.in);
      }
      Matrix m = b.make_quantised({{s.four, 4}, {s.eight, 8}}, s.in, at::kFloat);
      REQUIRE(m.out == out);
      const std::int64_t half = out / 2;
      b.put_blocks(m, half, out - half, w.rows(half));
      b.put_blocks(m, 0, half, w.rows(0));
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
      double off = 0;  // scales and minimums are halves
      for (std::int64_t o = 0; o < out; ++o)
        for (std::int64_t k = 0; k < s.in; ++k) off = std::max(off, std::abs(from[o * s.in + k] - w.at(o, k)));
      CHECK(off < 255 * 0.02 / 1024);
    }
  });
}

TEST_CASE("activations in bf16 give what the same numbers in f32 give") {
  on_every_kernel([](cpu::CpuBackend& b) {
    at::manual_seed(6);
    Weights w(64, 512, 4);
    Matrix half = b.make_quantised({{64, 4}}, 512, at::kBFloat16), whole = b.make_quantised({{64, 4}}, 512, at::kFloat);
    b.put_blocks(half, 0, 64, w.rows(0));
    b.put_blocks(whole, 0, 64, w.rows(0));
    const at::Tensor x = at::randn({3, 512}).to(at::kBFloat16);
    CHECK(same_bits(b.matmul(half, x, {}, at::kFloat), b.matmul(whole, x.to(at::kFloat), {}, at::kFloat)));
  });
}

TEST_CASE("a row's result does not depend on the rows beside it") {
  on_every_kernel([](cpu::CpuBackend& b) {
    at::manual_seed(7);
    Weights w(128, 768, 4);
    Matrix m = b.make_quantised({{64, 4}, {64, 8}}, 768, at::kFloat);
    b.put_blocks(m, 0, 128, w.rows(0));
    const at::Tensor x = at::randn({31, 768}), all = b.matmul(m, x, {}, at::kFloat);
    for (const std::int64_t n : {1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 24})
      CHECK(same_bits(b.matmul(m, x.narrow(0, 31 - n, n).contiguous(), {}, at::kFloat), all.narrow(0, 31 - n, n)));
  });
}

TEST_CASE("an activation that is not finite is not rounded away") {
  on_every_kernel([](cpu::CpuBackend& b) {
    Weights w(64, 256, 8);
    Matrix m = b.make_quantised({{64, 8}}, 256, at::kFloat);
    b.put_blocks(m, 0, 64, w.rows(0));
    for (const float bad : {INFINITY, -INFINITY, NAN}) {
      at::Tensor x = at::ones({2, 256});
      x[1][100] = bad;
      const at::Tensor y = b.matmul(m, x, {}, at::kFloat);
      CHECK(std::isfinite(y[0].sum().item<float>()));
      CHECK(!std::isfinite(y[1][3].item<float>()));
    }
  });
}
