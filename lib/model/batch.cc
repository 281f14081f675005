#include "lib/model/batch.h"

namespace rm::model {

void set_tokens(ops::Batch& b, const Rope& rope, std::span<const std::int64_t> ids,
                std::span<const std::int64_t> positions, at::Device device) {
  const auto half = static_cast<std::int64_t>(rope.inverse_frequencies.size());
  at::Tensor cos = at::empty({b.rows, half}, at::kFloat), sin = at::empty({b.rows, half}, at::kFloat);
  const auto n = static_cast<std::size_t>(b.rows * half);
  angles(rope, positions, {cos.mutable_data_ptr<float>(), n}, {sin.mutable_data_ptr<float>(), n});
  b.ids_T = at::tensor(at::ArrayRef(ids.data(), ids.size()), at::kLong).to(device);
  b.cos_TC = cos.to(device);
  b.sin_TC = sin.to(device);
}

}  // namespace rm::model
