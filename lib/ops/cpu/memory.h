// Raw memory of tensors for the CPU's kernels: sizes, empty tensors, scratch. Internal to the CPU backend.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>

#include "lib/ops/backend.h"
#include "lib/ops/cpu/kernels.h"
#include "lib/ops/cpu/pool.h"

namespace rm::ops::cpu {

inline constexpr std::int64_t kRowGrain = 4;  // rows of one task of the row-wise operations

inline std::int64_t round_up(std::int64_t n, std::int64_t unit) { return (n + unit - 1) / unit * unit; }
inline std::int64_t padded_width(const HeadShape& s) { return round_up(s.width, 16); }
inline bool is_bf16(at::ScalarType t) { return t == at::kBFloat16; }
inline std::int64_t pack(at::ScalarType t) { return is_bf16(t) ? 2 : 1; }
inline std::int64_t element(at::ScalarType t) { return is_bf16(t) ? 2 : 4; }

inline std::uint16_t bf16_bits(float x) { return c10::BFloat16(x).x; }

inline char* bytes(const at::Tensor& t) { return static_cast<char*>(t.data_ptr()); }
inline at::Tensor empty(at::IntArrayRef shape, at::ScalarType t) {
  return at::empty(shape, at::TensorOptions().dtype(t));
}

// Where panel `index` of y_TO = x W^T + bias_O goes.
inline PanelOut panel_out(const at::Tensor& y_TO, const at::Tensor& bias_O, std::int64_t index, void* scratch) {
  const std::int64_t first = index * kPanel, out = y_TO.size(1);
  return {static_cast<float*>(scratch),
          bias_O.defined() ? bias_O.const_data_ptr<float>() + first : nullptr,
          bytes(y_TO) + first * element(y_TO.scalar_type()),
          out,
          std::min<std::int64_t>(kPanel, out - first),
          is_bf16(y_TO.scalar_type())};
}

// One block of memory a worker, cut to 64 bytes.
struct Scratch {
  explicit Scratch(std::int64_t each) : each_(round_up(each, 64)), data_(empty({each_ * threads()}, at::kByte)) {}
  void* of(int worker) const { return bytes(data_) + worker * each_; }

 private:
  std::int64_t each_;
  at::Tensor data_;
};

}  // namespace rm::ops::cpu
