// Loops over one row of logits, compiled for several instruction sets and chosen when the program starts.
//
// Pure functions, any thread. Within one machine the results are a function of the row alone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/ops/cpu/fast_exp.h"

namespace rm::engine {

inline constexpr std::size_t kRowBlock = 1024;  // f32 sums run over at most this many elements, f64 above

using ops::cpu::fast_exp;

// Largest element; `nan` is set when any element is a NaN.
float row_max(const float* x, std::size_t n, bool& nan);
// Sum of exp((x - max) * scale); n <= kRowBlock.
float sum_exp(const float* x, std::size_t n, float max, float scale);

}  // namespace rm::engine
