// Quantised matrices of the CPU's backend: laid out in panels (kernels.h), read back, multiplied. Internal to cpu_backend.
#pragma once

#include "lib/ops/backend.h"

namespace rm::ops::cpu {

at::Tensor take_quantised_rows(const Matrix& m, const at::Tensor& ids_T);  // f32 [T, in]

}  // namespace rm::ops::cpu
