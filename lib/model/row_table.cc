#include "lib/model/row_table.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <span>

#include "lib/ops/cpu/pool.h"

namespace rm::model {

Result<std::unique_ptr<StoredTable>> StoredTable::read(const weightfile::WeightFile& file,
                                                       const weightfile::TensorInfo& t) {
  if (t.shape.size() != 2 || t.shape[1] % weightfile::block_elements(t.dtype) != 0 || t.interleaved_heads)
    return make_error(Exit::kModel, "bad_weights", "tensor " + t.name + " cannot be read by rows", file.path());
  auto table = std::make_unique<StoredTable>();
  table->dtype_ = t.dtype;
  table->count_ = static_cast<std::int64_t>(t.shape[0]);
  table->in_ = static_cast<std::int64_t>(t.shape[1]);
  table->data_.resize(t.bytes);
  RM_TRY(file.read(t, 0, table->data_));
  return table;
}

std::uint64_t StoredTable::count_not_finite() const {
  std::atomic<std::uint64_t> bad{0};
  const std::size_t stride = data_.size() / static_cast<std::size_t>(count_);
  ops::cpu::parallel_ranges(count_, 256, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> row(static_cast<std::size_t>(in_));
    std::uint64_t n = 0;
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      weightfile::dequantise(dtype_, std::span(data_).subspan(i * stride, stride), row);
      n += static_cast<std::uint64_t>(std::count_if(row.begin(), row.end(), [](float x) { return !std::isfinite(x); }));
    }
    bad += n;
  });
  return bad;
}

at::Tensor StoredTable::rows(const at::Tensor& ids_T) const {
  const std::int64_t n = ids_T.numel();
  const auto* ids = ids_T.const_data_ptr<std::int64_t>();
  const std::size_t stride = data_.size() / static_cast<std::size_t>(count_);
  at::Tensor out_TI = at::empty({n, in_}, at::kFloat);
  float* to = out_TI.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < n; ++i) {
    const auto id = static_cast<std::size_t>(std::clamp<std::int64_t>(ids[i], 0, count_ - 1));
    weightfile::dequantise(dtype_, std::span(data_).subspan(id * stride, stride),
                           {to + i * in_, static_cast<std::size_t>(in_)});
  }
  return out_TI;
}

}  // namespace rm::model
