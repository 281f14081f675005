#include "lib/model/weight_reader.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <optional>

#include "lib/base/signals.h"
#include "lib/ops/cpu/pool.h"
#include "lib/weightfile/blocks.h"

namespace rm::model {
namespace {

using weightfile::TensorInfo;

constexpr std::int64_t kStripRows = 64;  // one panel of the CPU's layout

std::uint64_t count_not_finite(std::span<const float> x) {
  std::uint64_t n = 0;
  for (const float v : x) n += !std::isfinite(v);
  return n;
}

// Where row `row` of a tensor belongs: itself, or Hugging Face's place in its head (TensorInfo::interleaved_heads).
std::int64_t place(const TensorInfo& t, std::int64_t head_dim, std::int64_t row) {
  if (!t.interleaved_heads) return row;
  const std::int64_t r = row % head_dim;
  return row - r + r % 2 * (head_dim / 2) + r / 2;
}

}  // namespace

Result<const TensorInfo*> WeightReader::find(const std::string& name) const {
  if (const TensorInfo* t = file_.find(name)) return t;
  return make_error(Exit::kModel, "bad_weights", "tensor " + name + " is missing", file_.path());
}

void WeightReader::count(const std::string& tensor, std::uint64_t n) {
  if (n > 0) not_finite_.push_back({tensor, n});
}

Result<std::unique_ptr<Linear>> WeightReader::linear(const std::vector<std::string>& modules, bool bias, bool blocks) {
  RM_ASSIGN(Stack s, stack(modules, bias, blocks));
  return std::unique_ptr<Linear>(new DenseLinear(backend_, std::move(s.w), std::move(s.bias_O), std::move(s.parts)));
}

Result<WeightReader::Stack> WeightReader::stack(const std::vector<std::string>& modules, bool bias, bool blocks) {
  std::int64_t out = 0, in = 0;
  std::vector<LinearPart> parts;
  std::vector<const TensorInfo*> tensors;
  for (const std::string& m : modules) {
    RM_ASSIGN(const TensorInfo* t, find(m + ".weight"));
    parts.push_back({m, out, static_cast<std::int64_t>(t->shape[0])});
    out += static_cast<std::int64_t>(t->shape[0]);
    in = static_cast<std::int64_t>(t->shape[1]);
    tensors.push_back(t);
  }
  ops::Matrix w = make(tensors, out, in, blocks);
  for (std::size_t i = 0; i < tensors.size(); ++i) RM_TRY(read_rows(*tensors[i], w, parts[i].begin));
  at::Tensor bias_O;
  if (bias) {
    bias_O = at::empty({out}, at::kFloat);
    float* to = bias_O.mutable_data_ptr<float>();
    for (const LinearPart& p : parts)
      RM_TRY(read_vector(p.name + ".bias", {to + p.begin, static_cast<std::size_t>(p.rows)}));
    bias_O = bias_O.to(backend_.device());
  }
  return Stack{std::move(w), std::move(bias_O), std::move(parts)};
}

ops::Matrix WeightReader::make(const std::vector<const TensorInfo*>& tensors, std::int64_t out, std::int64_t in,
                               bool may_keep) {
  std::vector<ops::QuantisedRange> ranges;
  for (const TensorInfo* t : tensors) {
    int bits = weightfile::quantised_bits(t->dtype);
    if (bits == 0 && keep_ == Keep::kBlocks) bits = 8;
    if (bits > 0) ranges.push_back({static_cast<std::int64_t>(t->shape[0]), bits});
  }
  const bool blocks = may_keep && keep_ != Keep::kFloats && ranges.size() == tensors.size() &&
                      in % static_cast<std::int64_t>(weightfile::kBlockWeights) == 0 && backend_.quantises();
  return blocks ? backend_.make_quantised(ranges, in, dtype_) : backend_.make_matrix(out, in, dtype_);
}

Result<std::unique_ptr<RowTable>> WeightReader::table(const std::string& module) {
  if (!backend_.device().is_cpu()) {
    RM_ASSIGN(auto dense, linear({module}, false));
    return std::unique_ptr<RowTable>(std::move(dense));
  }
  RM_ASSIGN(const TensorInfo* t, find(module + ".weight"));
  RM_ASSIGN(auto stored, StoredTable::read(file_, *t));
  count(t->name, stored->count_not_finite());
  return std::unique_ptr<RowTable>(std::move(stored));
}

Result<at::Tensor> WeightReader::vector(const std::string& name) {
  RM_ASSIGN(const TensorInfo* t, find(name));
  at::Tensor v = at::empty({static_cast<std::int64_t>(t->shape[0])}, at::kFloat);
  RM_TRY(read_vector(name, {v.mutable_data_ptr<float>(), static_cast<std::size_t>(t->shape[0])}));
  return v.to(backend_.device());
}

Result<void> WeightReader::read_vector(const std::string& name, std::span<float> to) {
  RM_ASSIGN(const TensorInfo* t, find(name));
  std::vector<std::byte> raw(t->bytes);
  std::vector<float> values(to.size());
  RM_TRY(file_.read(*t, 0, raw));
  weightfile::dequantise(t->dtype, raw, values);
  for (std::size_t i = 0; i < to.size(); ++i)
    to[static_cast<std::size_t>(place(*t, file_.config().head_dim, static_cast<std::int64_t>(i)))] = values[i];
  count(name, count_not_finite(values));
  return {};
}

Result<void> WeightReader::read_rows(const TensorInfo& t, ops::Matrix& m, std::int64_t begin) {
  const std::int64_t rows = static_cast<std::int64_t>(t.shape[0]), strips = (rows + kStripRows - 1) / kStripRows;
  const std::uint64_t row_bytes = t.bytes / t.shape[0];
  std::mutex mutex;
  std::optional<Error> failed;
  std::atomic<std::uint64_t> bad{0};
  std::atomic<bool> stop{false};
  ops::cpu::parallel(strips, [&](std::int64_t strip, int) {
    if (stop.load(std::memory_order_relaxed)) return;
    const auto fail = [&](Error e) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (!failed) failed = std::move(e);
      stop = true;
    };
    try {
      const std::int64_t first = strip * kStripRows, n = std::min(kStripRows, rows - first);
      std::vector<std::byte> raw(static_cast<std::size_t>(n) * row_bytes);
      if (signals::stop_requested()) return fail(signals::stop_error());
      if (auto r = file_.read(t, static_cast<std::uint64_t>(first) * row_bytes, raw); !r) return fail(r.error());
      if (const std::uint64_t c = put(t, raw, first, n, m, begin)) bad += c;
    } catch (const std::exception& e) {
      fail(make_error(Exit::kResources, "out_of_memory",
                      std::string("not enough memory while reading tensor ") + t.name));
    }
  });
  if (failed) return *failed;
  count(t.name, bad);
  return {};
}

// Rows [first, first + n) of a tensor to their places behind row `begin`; returns how many numbers are not finite.
std::uint64_t WeightReader::put(const TensorInfo& t, std::span<const std::byte> raw, std::int64_t first, std::int64_t n,
                                ops::Matrix& m, std::int64_t begin) {
  constexpr auto kBlock = static_cast<std::int64_t>(weightfile::kBlockWeights);
  const auto size = static_cast<std::size_t>(n * m.in);
  const auto each_place = [&](const auto& f) {  // f(row of these, its place, how many)
    if (!t.interleaved_heads) return f(std::int64_t{0}, begin + first, n);
    for (std::int64_t r = 0; r < n; ++r) f(r, begin + place(t, file_.config().head_dim, first + r), std::int64_t{1});
  };
  const int bits = weightfile::quantised_bits(t.dtype);
  const bool stored = bits > 0;
  std::vector<float> values;
  if (!m.quantised() || !stored) {
    values.resize(size);
    weightfile::dequantise(t.dtype, raw, values);
  }
  if (!m.quantised()) {
    each_place([&](std::int64_t r, std::int64_t to, std::int64_t count) {
      backend_.put_rows(m, to, count, values.data() + r * m.in);
    });
    return count_not_finite(values);
  }
  std::vector<std::uint8_t> q(size);
  const std::size_t scales = weightfile::scales_of_block(bits);
  std::vector<float> scale(size / kBlock * scales), minimum(size / kBlock);
  const weightfile::BlockSpan to{stored ? bits : 8, q.data(), scale.data(), minimum.data()};
  stored ? weightfile::to_blocks(t.dtype, raw, size, to) : weightfile::round_to_blocks(values, to);
  each_place([&](std::int64_t r, std::int64_t place, std::int64_t count) {
    const std::int64_t at = r * m.in, block = at / kBlock;
    backend_.put_blocks(
        m, place, count,
        {to.bits, q.data() + at, scale.data() + block * static_cast<std::int64_t>(scales), minimum.data() + block});
  });
  if (!stored) return count_not_finite(values);
  return weightfile::kBlockWeights * (count_not_finite(scale) / scales + count_not_finite(minimum));
}

}  // namespace rm::model
