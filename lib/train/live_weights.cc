#include "lib/train/live_weights.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstring>

#include "lib/model/exceptions.h"

namespace rm::train {

using weightfile::TensorInfo;

LiveWeights::LiveWeights(const Network& n, const weightfile::WeightFile& base) : n_(n), base_(base) {
  for (const weightfile::Planned& p : weightfile::plan(n.config())) {
    TensorInfo t;
    t.name = p.name;
    t.shape = p.shape;
    t.bytes = 4;
    for (const std::uint64_t d : p.shape) t.bytes *= d;
    tensors_.push_back(std::move(t));
  }
  std::ranges::sort(tensors_, {}, &TensorInfo::name);
}

Result<void> LiveWeights::read(const TensorInfo& t, std::uint64_t begin, std::span<std::byte> dst) const {
  const std::uint64_t row = t.bytes / t.shape[0], end = begin + dst.size();
  if (end > t.bytes || begin > end) return make_error(Exit::kBug, "bad_range", "reads beyond tensor " + t.name, path());
  if (dst.empty()) return {};
  try {
    const at::AutoGradMode off(false);
    const std::uint64_t first = begin / row, last = (end + row - 1) / row;
    const at::Tensor found =
        n_.model_rows(t.name, static_cast<std::int64_t>(first), static_cast<std::int64_t>(last - first));
    if (!found.defined()) return make_error(Exit::kBug, "no_tensor", "has no tensor " + t.name, path());
    const at::Tensor rows = found.contiguous();
    std::memcpy(dst.data(), static_cast<const char*>(rows.const_data_ptr()) + (begin - first * row), dst.size());
    return {};
  } catch (...) {
    return model::from_exception("reading weights in training");
  }
}

}  // namespace rm::train
