// The tokens of a step as tensors: their ids, and the angles of their positions. Throws what ATen throws.
#pragma once

#include <cstdint>
#include <span>

#include "lib/model/rope.h"
#include "lib/ops/backend.h"

namespace rm::model {

// Fills ids_T, cos_TC and sin_TC of a batch of b.rows rows; ids and positions have as many.
void set_tokens(ops::Batch& b, const Rope& rope, std::span<const std::int64_t> ids,
                std::span<const std::int64_t> positions, at::Device device);

}  // namespace rm::model
