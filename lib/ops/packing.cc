#include "lib/ops/packing.h"

#include <algorithm>
#include <numeric>

namespace rm::ops {
namespace {

std::int64_t whole_length(const Batch::Span& s) { return s.position + s.count; }

void index(Bucket& b) {
  std::vector<std::int64_t> rows(b.spans.size() * static_cast<std::size_t>(b.length), 0), places, own;
  for (std::size_t i = 0; i < b.spans.size(); ++i) {
    const Batch::Span& s = b.spans[i];
    const std::int64_t begin = static_cast<std::int64_t>(i) * b.length;
    for (std::int64_t t = 0; t < whole_length(s); ++t) {
      const std::int64_t row = t < s.position ? s.pages + t : s.row + t - s.position;
      rows[static_cast<std::size_t>(begin + t)] = row;
      if (t < s.position) continue;
      places.push_back(begin + t);
      own.push_back(row);
    }
  }
  b.rows = at::tensor(rows, at::kLong);
  b.places = at::tensor(places, at::kLong);
  b.own = at::tensor(own, at::kLong);
}

}  // namespace

std::vector<Bucket> make_buckets(const std::vector<Batch::Span>& spans) {
  std::vector<std::size_t> by_length(spans.size());
  std::iota(by_length.begin(), by_length.end(), std::size_t{0});
  std::ranges::stable_sort(
      by_length, [&](std::size_t a, std::size_t b) { return whole_length(spans[a]) > whole_length(spans[b]); });
  std::vector<Bucket> out;
  std::int64_t used = 0;
  for (const std::size_t i : by_length) {
    const std::int64_t length = whole_length(spans[i]);
    if (!out.empty()) {
      Bucket& b = out.back();
      const auto count = std::ssize(b.spans) + 1;
      const std::int64_t padding = count * b.length - (used + length);
      if (padding > std::max(count * b.length / 4, count * 64)) out.emplace_back();
    } else {
      out.emplace_back();
    }
    Bucket& b = out.back();
    if (b.spans.empty()) b.length = length, used = 0;
    b.spans.push_back(spans[i]);
    used += length;
  }
  for (Bucket& b : out) index(b);
  return out;
}

}  // namespace rm::ops
