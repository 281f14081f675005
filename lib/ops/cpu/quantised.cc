#include "lib/ops/cpu/quantised.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <span>
#include <vector>

#include "lib/ops/cpu/cpu_backend.h"
#include "lib/ops/cpu/memory.h"

namespace rm::ops::cpu {
namespace {

constexpr std::int64_t kFactorBytes = kPanel * 4;

// One panel of a matrix.
struct Panel {
  char* begin;
  int bits = 8;
  std::int64_t block_bytes;

  Panel(const Matrix& m, std::int64_t index) : begin(bytes(m.data) + m.panels[static_cast<std::size_t>(index)]) {
    const std::int64_t size = m.panels[static_cast<std::size_t>(index) + 1] - m.panels[static_cast<std::size_t>(index)];
    block_bytes = (size - kFactorBytes) / (m.in / kBlockWeights);
    for (const int b : {4, 6})
      if (block_bytes == cpu::block_bytes(b)) bits = b;
  }
  float& factor(std::int64_t column) const { return reinterpret_cast<float*>(begin)[column]; }
  std::uint8_t* block(std::int64_t b) const {
    return reinterpret_cast<std::uint8_t*>(begin) + kFactorBytes + b * block_bytes;
  }
  // The two numbers of a column: scale and minimum, or the scales of both halves.
  c10::Half& first(std::int64_t b, std::int64_t column) const {
    return reinterpret_cast<c10::Half*>(block(b) +
                                        (bits == 6 ? kHalfBytes6 : block_bytes - 2 * kPanel))[column - kPanel];
  }
  c10::Half& second(std::int64_t b, std::int64_t column) const {
    return reinterpret_cast<c10::Half*>(block(b) + block_bytes)[column - kPanel];
  }
};

// Where a weight of less than 8 bits has its low 4: the byte, and whether they are its high half.
std::uint8_t* low_bits(const Panel& p, std::uint8_t* block, std::int64_t column, std::int64_t i) {
  const std::int64_t pair = i / 8, lane = column * 4 + i % 4;
  if (p.bits == 4) return block + pair * kPanel * 4 + lane;
  return block + pair / 2 * kHalfBytes6 + (1 + pair % 2) * kPanel * 4 + lane;
}
bool in_high_half(std::int64_t i) { return i / 4 % 2 == 1; }

void put_weight(const Panel& p, std::uint8_t* block, std::int64_t column, std::int64_t i, std::uint8_t q) {
  if (p.bits == 8) {
    block[(i / 4 * kPanel + column) * 4 + i % 4] = q;
    return;
  }
  std::uint8_t& low = *low_bits(p, block, column, i);
  low = static_cast<std::uint8_t>(in_high_half(i) ? (low & 0x0F) | q << 4 : (low & 0xF0) | (q & 15));
  if (p.bits == 4) return;
  std::uint8_t& high = block[i / 16 * kHalfBytes6 + column * 4 + i % 4];
  const auto shift = 2 * (i / 4 % 4);
  high = static_cast<std::uint8_t>((high & ~(3 << shift)) | (q >> 4) << shift);
}

std::uint8_t weight(const Panel& p, std::uint8_t* block, std::int64_t column, std::int64_t i) {
  if (p.bits == 8) return block[(i / 4 * kPanel + column) * 4 + i % 4];
  const int byte = *low_bits(p, block, column, i), low = in_high_half(i) ? byte >> 4 : byte & 15;
  if (p.bits == 4) return static_cast<std::uint8_t>(low);
  const int high = block[i / 16 * kHalfBytes6 + column * 4 + i % 4];
  return static_cast<std::uint8_t>(low | (high >> 2 * (i / 4 % 4) & 3) << 4);
}

// A power of two that brings these numbers to at most 1, so that halves hold them to 11 bits.
float factor_of(std::initializer_list<std::span<const float>> numbers) {
  float most = 0;
  for (const auto& list : numbers)
    for (const float x : list) most = std::max(most, std::abs(x));
  if (!(most > 0) || !std::isfinite(most)) return 1;
  int exponent = 0;
  std::frexp(most, &exponent);
  return std::ldexp(1.0f, exponent);
}

// One row to its place, in the form of its panel.
void put_row(const Panel& panel, std::int64_t column, std::int64_t blocks, const weightfile::BlockSpan& from) {
  const bool six = panel.bits == 6;
  const auto n = static_cast<std::size_t>(blocks);
  const std::span<const float> scales(from.scale, six ? 2 * n : n), minimums(from.minimum, six ? 0 : n);
  const float factor = panel.factor(column) = factor_of({scales, minimums});
  for (std::int64_t b = 0; b < blocks; ++b) {
    const std::uint8_t* q = from.q + b * kBlockWeights;
    for (std::int64_t i = 0; i < kBlockWeights; ++i) put_weight(panel, panel.block(b), column, i, q[i]);
    panel.first(b, column) = c10::Half((six ? from.scale[2 * b] : from.scale[b]) / factor);
    panel.second(b, column) = c10::Half((six ? from.scale[2 * b + 1] : from.minimum[b]) / factor);
  }
}

// A row of 6 bits whose panel holds other rows too, and so has 8.
void put_rounded(const Panel& panel, std::int64_t column, std::int64_t blocks, const weightfile::BlockSpan& from) {
  const auto n = static_cast<std::size_t>(blocks * kBlockWeights);
  std::vector<float> weights(n), scale(n / kBlockWeights), minimum(n / kBlockWeights);
  std::vector<std::uint8_t> q(n);
  for (std::size_t i = 0; i < n; ++i) weights[i] = from.scale[i / 16] * (from.q[i] - 32.0f);
  const weightfile::BlockSpan to{8, q.data(), scale.data(), minimum.data()};
  weightfile::round_to_blocks(weights, to);
  put_row(panel, column, blocks, to);
}

// The rows of a product as the kernels take them, and the memory they lie in.
struct Activations {
  QuantisedRows rows;
  const std::uint16_t* bf16 = nullptr;
  at::Tensor memory[4];
};

Activations in_bytes(const KernelTable& kernels, const at::Tensor& x_TI) {
  const std::int64_t T = x_TI.size(0), in = x_TI.size(1), blocks = in / kBlockWeights;
  Activations a;
  a.memory[0] = empty({T, in}, at::kChar);
  a.memory[1] = empty({T, blocks}, at::kFloat);
  a.memory[2] = empty({T, blocks}, at::kFloat);
  a.memory[3] = empty({T, 2 * blocks}, at::kInt);
  auto* const q = reinterpret_cast<std::int8_t*>(bytes(a.memory[0]));
  auto* const scales = reinterpret_cast<float*>(bytes(a.memory[1]));
  auto* const sums = reinterpret_cast<float*>(bytes(a.memory[2]));
  auto* const offsets = reinterpret_cast<std::int32_t*>(bytes(a.memory[3]));
  const bool bf16 = is_bf16(x_TI.scalar_type());
  parallel_ranges(T, kRowGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t)
      kernels.quantise_row(bytes(x_TI) + t * in * element(x_TI.scalar_type()), bf16, in,
                           {q + t * in, scales + t * blocks, sums + t * blocks, offsets + 2 * t * blocks});
  });
  a.rows = {q, scales, sums, offsets};
  return a;
}

Activations in_bf16(const at::Tensor& x_TI) {
  Activations a;
  a.memory[0] = x_TI;
  if (!is_bf16(x_TI.scalar_type())) {
    a.memory[0] = empty(x_TI.sizes(), at::kBFloat16);
    const float* from = x_TI.const_data_ptr<float>();
    auto* const to = reinterpret_cast<std::uint16_t*>(bytes(a.memory[0]));
    parallel_ranges(x_TI.numel(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) to[i] = bf16_bits(from[i]);
    });
  }
  a.bf16 = reinterpret_cast<const std::uint16_t*>(bytes(a.memory[0]));
  return a;
}

}  // namespace

Matrix CpuBackend::make_quantised(const std::vector<QuantisedRange>& rows, std::int64_t in, at::ScalarType dtype) {
  TORCH_CHECK(in % kBlockWeights == 0, "a quantised matrix needs a multiple of 32 columns, not ", in);
  Matrix m{0, in, dtype, {}, {0}};
  std::vector<int> bits;  // of each row
  for (const QuantisedRange& r : rows) {
    bits.insert(bits.end(), static_cast<std::size_t>(r.rows), r.bits);
    m.out += r.rows;
  }
  for (std::int64_t first = 0; first < m.out; first += kPanel) {
    const auto begin = bits.begin() + first, end = bits.begin() + std::min(first + kPanel, m.out);
    const bool alike = std::all_of(begin, end, [begin](int b) { return b == *begin; });
    m.panels.push_back(m.panels.back() + kFactorBytes + in / kBlockWeights * block_bytes(alike ? *begin : 8));
  }
  m.data = empty({m.panels.back()}, at::kByte);
  if (m.out % kPanel != 0) {  // the columns of the last panel that nothing will fill
    const std::int64_t last = m.panels[m.panels.size() - 2];
    std::memset(bytes(m.data) + last, 0, m.panels.back() - last);
  }
  return m;
}

void CpuBackend::put_blocks(Matrix& m, std::int64_t row, std::int64_t count, const weightfile::BlockSpan& rows) {
  const std::int64_t blocks = m.in / kBlockWeights,
                     scales = blocks * static_cast<std::int64_t>(weightfile::scales_of_block(rows.bits));
  for (std::int64_t r = 0; r < count; ++r) {
    const Panel panel(m, (row + r) / kPanel);
    const weightfile::BlockSpan from{rows.bits, rows.q + r * m.in, rows.scale + r * scales, rows.minimum + r * blocks};
    const std::int64_t column = (row + r) % kPanel;
    rows.bits == 6 && panel.bits != 6 ? put_rounded(panel, column, blocks, from) : put_row(panel, column, blocks, from);
  }
}

at::Tensor take_quantised_rows(const Matrix& m, const at::Tensor& ids_T) {
  const std::int64_t T = ids_T.numel(), blocks = m.in / kBlockWeights;
  at::Tensor out = empty({T, m.in}, at::kFloat);
  const std::int64_t* ids = ids_T.const_data_ptr<std::int64_t>();
  float* to = out.mutable_data_ptr<float>();
  parallel_ranges(T, kRowGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      const Panel panel(m, ids[t] / kPanel);
      const std::int64_t column = ids[t] % kPanel;
      const float factor = panel.factor(column);
      for (std::int64_t b = 0; b < blocks; ++b) {
        const float first = panel.first(b, column), second = panel.second(b, column);
        for (std::int64_t i = 0; i < kBlockWeights; ++i) {
          const float q = weight(panel, panel.block(b), column, i);
          const float w = panel.bits == 6 ? (i < 16 ? first : second) * (q - 32) : first * q - second;
          to[t * m.in + b * kBlockWeights + i] = factor * w;
        }
      }
    }
  });
  return out;
}

at::Tensor CpuBackend::matmul_quantised(const Matrix& m, const at::Tensor& x_TI, const at::Tensor& bias_O,
                                        at::ScalarType result) {
  const std::int64_t T = x_TI.size(0);
  const Activations x = kernels_.quantise_row ? in_bytes(kernels_, x_TI) : in_bf16(x_TI);
  at::Tensor y = empty({T, m.out}, result);
  const Scratch scratch(T * kPanel * 4);
  parallel(static_cast<std::int64_t>(m.panels.size()) - 1, [&](std::int64_t i, int worker) {
    const Panel panel(m, i);
    QuantisedJob j;
    j.a = x.rows;
    j.x = x.bf16;
    j.rows = T;
    j.k = m.in;
    j.panel = panel.begin;
    j.bits = panel.bits;
    j.to = panel_out(y, bias_O, i, scratch.of(worker));
    kernels_.panel_quantised(j);
  });
  return y;
}

}  // namespace rm::ops::cpu
