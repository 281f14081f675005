#include "lib/model/embedding.h"

#include <span>

#include "lib/ops/cpu/pool.h"

namespace rm::model {

at::Tensor Embedding::rows(const at::Tensor& ids_T) const {
  const at::Tensor ids = ids_T.to(at::kCPU);
  const auto width = static_cast<std::size_t>(width_);
  const std::size_t row_bytes = width / weightfile::block_elements(type_) * weightfile::block_bytes(type_);
  at::Tensor out_TD = at::empty({ids.numel(), width_}, at::kFloat);
  const std::int64_t* id = ids.const_data_ptr<std::int64_t>();
  float* to = out_TD.mutable_data_ptr<float>();
  ops::cpu::parallel_ranges(ids.numel(), 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      const auto row = std::span(rows_).subspan(static_cast<std::size_t>(id[t]) * row_bytes, row_bytes);
      weightfile::dequantise(type_, row, std::span(to + t * width_, width));
    }
  });
  return out_TD.to(device_);
}

}  // namespace rm::model
