#include "lib/model/torch_model.h"

#include <algorithm>

#include "lib/model/batch.h"
#include "lib/model/exceptions.h"

namespace rm::model {
namespace {

Error bug(std::string message) { return make_error(Exit::kBug, "bad_step", std::move(message)); }

}  // namespace

TorchModel::TorchModel(const weightfile::ModelConfig& config, std::unique_ptr<Weights> weights, ops::Backend& backend,
                       at::ScalarType compute, std::int64_t context)
    : config_(config),
      owned_(std::move(weights)),
      weights_(*owned_),
      backend_(backend),
      decoder_(config_, weights_, backend, compute),
      rope_(make_rope(config_)),
      context_(context) {}

TorchModel::TorchModel(const weightfile::ModelConfig& config, const Weights& lent, bool rows_independent,
                       ops::Backend& backend, at::ScalarType compute, std::int64_t context)
    : config_(config),
      weights_(lent),
      rows_independent_(rows_independent),
      backend_(backend),
      decoder_(config_, weights_, backend, compute),
      rope_(make_rope(config_)),
      context_(context) {}

std::uint64_t TorchModel::page_bytes() const {
  return static_cast<std::uint64_t>(backend_.page_bytes(decoder_.heads(), decoder_.compute()) * config_.layers);
}

Result<void> TorchModel::allocate(std::int64_t pages) {
  if (pages < 1) return bug("a cache needs at least one page");
  try {
    cache_.clear();
    pages_ = 0;
    for (std::int64_t i = 0; i < config_.layers; ++i)
      cache_.push_back(backend_.make_cache(pages, decoder_.heads(), decoder_.compute()));
    pages_ = pages;
    return {};
  } catch (...) {
    cache_.clear();
    return from_exception("making the cache");
  }
}

Result<void> TorchModel::check(std::span<const Span> spans, int pad_rows) const {
  std::size_t rows = 0;
  for (const Span& s : spans) {
    rows += s.tokens.size();
    const auto end = s.position + static_cast<std::int64_t>(s.tokens.size());
    if (s.tokens.empty() || s.position < 0 || end > context_) return bug("a span is empty or leaves the context");
    if (static_cast<std::int64_t>(s.pages.size()) * page_tokens() < end) return bug("a span has too few pages");
    for (const std::int32_t p : s.pages)
      if (p < 0 || p >= pages_) return bug("a page number is out of range");
    for (const std::int32_t t : s.tokens)
      if (t < 0 || t >= config_.vocab) return bug("token " + std::to_string(t) + " is not in the vocabulary");
  }
  if (rows == 0) return bug("a step without tokens");
  if (pad_rows > 0 && rows > static_cast<std::size_t>(pad_rows))
    return bug("a step has more tokens than it is padded to");
  return {};
}

ops::Batch TorchModel::make_batch(std::span<const Span> spans, int pad_rows) const {
  ops::Batch b;
  std::vector<std::int64_t> ids, positions;
  for (const Span& s : spans) {
    const auto count = static_cast<std::int64_t>(s.tokens.size());
    b.spans.push_back({b.rows, count, s.position, static_cast<std::int64_t>(b.pages.size())});
    b.pages.insert(b.pages.end(), s.pages.begin(), s.pages.end());
    b.rows += count;
    for (std::int64_t i = 0; i < count; ++i) {
      ids.push_back(s.tokens[static_cast<std::size_t>(i)]);
      positions.push_back(s.position + i);
    }
  }
  if (pad_rows > 0 && !rows_independent()) b.rows = pad_rows;
  ids.resize(static_cast<std::size_t>(b.rows));
  positions.resize(static_cast<std::size_t>(b.rows));
  set_tokens(b, rope_, ids, positions, backend_.device());
  return b;
}

// Of every layout a page is one stretch of memory.
Result<void> TorchModel::copy_page(std::int32_t from, std::int32_t to) {
  if (from < 0 || to < 0 || from >= pages_ || to >= pages_) return bug("a page that is not there is to be copied");
  try {
    const c10::InferenceMode inference;
    for (const ops::LayerCache& c : cache_) {
      for (const at::Tensor& part : {c.k, c.v}) {
        const at::Tensor pages = part.view({pages_, -1});
        pages.select(0, to).copy_(pages.select(0, from));
      }
    }
    return {};
  } catch (...) {
    return from_exception("copying a page of the cache");
  }
}

Result<std::span<const float>> TorchModel::run(std::span<const Span> spans, int pad_rows) {
  RM_TRY(check(spans, pad_rows));
  try {
    const c10::InferenceMode inference;
    ops::Batch b = make_batch(spans, pad_rows);
    backend_.prepare(b);
    return run_batch(spans, b, pad_rows);
  } catch (...) {
    return from_exception("running a step");
  }
}

Result<std::span<const float>> TorchModel::run_batch(std::span<const Span> spans, const ops::Batch& b, int pad_rows) {
  at::Tensor x_TD = decoder_.embed(b);
  for (std::size_t i = 0; i < cache_.size(); ++i) decoder_.layer(i, x_TD, b, cache_[i]);
  if (!backend_.finite(x_TD)) return name_layer(b);

  std::vector<std::int64_t> wanted;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const ops::Batch::Span& s = b.spans[i];
    for (std::int64_t r = spans[i].all_logits ? 0 : s.count - 1; r < s.count; ++r)
      if (spans[i].logits || spans[i].all_logits) wanted.push_back(s.row + r);
  }
  if (wanted.empty()) return std::span<const float>();
  const auto rows = static_cast<std::int64_t>(wanted.size());
  if (pad_rows > 0 && !rows_independent())
    wanted.resize(static_cast<std::size_t>(std::max<std::int64_t>(pad_rows, rows)));
  const at::Tensor x_RD = x_TD.index_select(0, at::tensor(wanted, at::kLong).to(x_TD.device()));
  logits_ = decoder_.logits(x_RD).narrow(0, 0, rows).to(at::kCPU);
  return std::span<const float>(logits_.const_data_ptr<float>(), static_cast<std::size_t>(rows * config_.vocab));
}

// Runs the step again, which writes the same keys and values, and looks after every layer.
Error TorchModel::name_layer(const ops::Batch& b) {
  at::Tensor x_TD = decoder_.embed(b);
  std::string where = backend_.finite(x_TD) ? "" : "the embedding";
  for (std::size_t i = 0; where.empty() && i < cache_.size(); ++i) {
    decoder_.layer(i, x_TD, b, cache_[i]);
    if (!backend_.finite(x_TD)) where = "layer " + std::to_string(i);
  }
  return make_error(Exit::kModel, "not_finite",
                    "the model's numbers became infinite or NaN in " + where + "; its weights are damaged, or " +
                        dtype() + " is too narrow for them");
}

}  // namespace rm::model
