// How fast each instruction set of this machine multiplies: operations a second of matrices in bf16, 8, 6 and 4 bits, for some
// numbers of rows. Prints a table; the best of several rounds counts, as other work on the machine only ever slows one down.
//
// Usage: matmul-probe [OUT IN [ROUNDS]] (default 8960 1536 7: a gate of a 1.5B model)
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "lib/ops/cpu/cpu_backend.h"
#include "lib/ops/cpu/pool.h"

using namespace rm::ops;

namespace {

Matrix random_matrix(cpu::CpuBackend& b, std::int64_t out, std::int64_t in, int bits) {
  if (bits == 16) {
    Matrix m = b.make_matrix(out, in, at::kBFloat16);
    const at::Tensor w = at::randn({out, in});
    b.put_rows(m, 0, out, w.const_data_ptr<float>());
    return m;
  }
  Matrix m = b.make_quantised({{out, bits}}, in, at::kBFloat16);
  std::vector<std::uint8_t> q(static_cast<std::size_t>(in));
  std::vector<float> scale(static_cast<std::size_t>(in / 16), 0.01f), minimum = scale;
  for (std::int64_t i = 0; i < in; ++i) q[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(i * 7 % (1 << bits));
  for (std::int64_t o = 0; o < out; ++o) b.put_blocks(m, o, 1, {bits, q.data(), scale.data(), minimum.data()});
  return m;
}

double best_seconds(cpu::CpuBackend& b, const Matrix& m, const at::Tensor& x, int rounds) {
  double best = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    int times = 0;
    double seconds = 0;
    for (; seconds < 0.05; ++times) {
      b.matmul(m, x, {}, at::kBFloat16);
      seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    best = std::min(best, seconds / times);
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t out = argc > 2 ? std::atol(argv[1]) : 8960, in = argc > 2 ? std::atol(argv[2]) : 1536;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 7;
  const c10::InferenceMode inference;
  std::printf("%ld x %ld, %d threads; GOP/s (2 operations a weight and row), GB/s of weights\n%-12s %5s", long(out),
              long(in), cpu::threads(), "kernels", "bits");
  const std::vector<std::int64_t> rows{1, 4, 16, 32, 64, 256};
  for (const std::int64_t r : rows) std::printf(" %8ld", long(r));
  std::printf("   GB/s at 1\n");
  for (const cpu::KernelTable* table : cpu::usable_tables()) {
    if (table == &cpu::kScalar) continue;
    std::fflush(stdout);
    cpu::CpuBackend b(*table);
    for (const int bits : {16, 8, 6, 4}) {
      const Matrix m = random_matrix(b, out, in, bits);
      std::printf("%-12s %5d", table->name, bits);
      double one = 0;
      for (const std::int64_t r : rows) {
        const double s = best_seconds(b, m, at::randn({r, in}).to(at::kBFloat16), rounds);
        if (r == 1) one = s;
        std::printf(" %8.1f", 2.0 * double(out) * double(in) * double(r) / s / 1e9);
      }
      std::printf("   %6.1f\n", double(m.data.nbytes()) / one / 1e9);
    }
  }
}
