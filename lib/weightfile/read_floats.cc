#include "lib/weightfile/read_floats.h"

#include <algorithm>
#include <vector>

#include "lib/base/checked.h"
#include "lib/base/escape.h"

namespace rm::weightfile {
namespace {

// Where row r of Hugging Face's q or k lies among the interleaved rows of a file: see TensorInfo.
std::uint64_t stored_row(std::uint64_t r, std::uint64_t head_dim) {
  const std::uint64_t half = head_dim / 2, in_head = r % head_dim;
  return r - in_head + 2 * (in_head % half) + in_head / half;
}

// Any run of elements: the blocks around it are decoded, what is asked for is kept.
Result<void> read_run(const WeightFile& f, const TensorInfo& t, std::uint64_t first, std::span<float> to,
                      std::vector<std::byte>& raw, std::vector<float>& decoded) {
  const std::uint64_t block = block_elements(t.dtype), bytes = block_bytes(t.dtype);
  const std::uint64_t begin = first / block, end = (first + to.size() + block - 1) / block;
  raw.resize((end - begin) * bytes);
  RM_TRY(f.read(t, begin * bytes, raw));
  if (begin * block == first && (end - begin) * block == to.size()) {
    dequantise(t.dtype, raw, to);
    return {};
  }
  decoded.resize((end - begin) * block);
  dequantise(t.dtype, raw, decoded);
  std::copy_n(decoded.begin() + static_cast<std::ptrdiff_t>(first - begin * block), to.size(), to.begin());
  return {};
}

}  // namespace

Result<void> read_floats(const WeightFile& f, const std::string& name, std::uint64_t first, std::span<float> to) {
  const TensorInfo* t = f.find(name);
  if (!t && f.config().tied && name == "lm_head.weight") t = f.find("model.embed_tokens.weight");
  if (!t) return make_error(Exit::kModel, "bad_weights", "is missing", f.path() + ": tensor " + escape_text(name));
  const std::uint64_t all = checked_product(t->shape).value_or(0);
  const auto end = checked_add<std::uint64_t>(first, to.size());
  if (!end || *end > all)
    return make_error(Exit::kBug, "bad_read", "a read beyond the tensor was asked for", "tensor " + escape_text(name));
  std::vector<std::byte> raw;
  std::vector<float> decoded;
  if (!t->interleaved_heads) return read_run(f, *t, first, to, raw, decoded);
  const std::uint64_t width = all / std::max<std::uint64_t>(t->shape[0], 1);
  const auto head_dim = static_cast<std::uint64_t>(f.config().head_dim);
  for (std::uint64_t at = first; at < *end;) {
    const std::uint64_t row = at / width, column = at % width, n = std::min(width - column, *end - at);
    RM_TRY(read_run(f, *t, stored_row(row, head_dim) * width + column, to.subspan(at - first, n), raw, decoded));
    at += n;
  }
  return {};
}

}  // namespace rm::weightfile
