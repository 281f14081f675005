// Cuts the attention of a step into jobs for the pool: which queries go together, and in what order.
#include <algorithm>
#include <numeric>
#include <span>

#include "lib/ops/cpu/cpu_backend.h"
#include "lib/ops/cpu/memory.h"

namespace rm::ops::cpu {
namespace {

constexpr std::int64_t kMostRows = 96;      // rows (queries x group) of one job
constexpr std::int64_t kJobsPerThread = 4;  // where there are rows for so many

// Some queries of one span.
struct Piece {
  const Batch::Span* span;
  std::int64_t begin, count;
  std::int64_t first() const { return span->position + begin; }
};

struct Group {
  std::size_t begin = 0, end = 0;  // pieces
  std::int64_t cost = 0;           // about the pairs of queries and keys
};

std::span<const std::int32_t> pages_of(const Batch& b, const Batch::Span& s) {
  const std::int64_t n = (s.position + s.count + kPageTokens - 1) / kPageTokens;
  return std::span(b.pages).subspan(static_cast<std::size_t>(s.pages), static_cast<std::size_t>(n));
}

// Pieces of at most kMostRows rows, those of sequences that begin with the same pages side by side.
std::vector<Piece> cut(const Batch& b, std::int64_t most_queries) {
  std::vector<const Batch::Span*> spans;
  for (const Batch::Span& s : b.spans) spans.push_back(&s);
  std::ranges::stable_sort(spans, [&](const auto* x, const auto* y) {
    return std::ranges::lexicographical_compare(pages_of(b, *x), pages_of(b, *y));
  });
  std::vector<Piece> pieces;
  for (const Batch::Span* s : spans)
    for (std::int64_t begin = 0; begin < s->count; begin += most_queries)
      pieces.push_back({s, begin, std::min(most_queries, s->count - begin)});
  return pieces;
}

// Neighbours together up to so many queries; the longest groups first, so that no thread is left with one at the end.
std::vector<Group> gather(const std::vector<Piece>& pieces, std::int64_t most_queries) {
  std::vector<Group> groups;
  std::int64_t queries = most_queries;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (queries + pieces[i].count > most_queries) {
      groups.push_back({i, i, 0});
      queries = 0;
    }
    queries += pieces[i].count;
    groups.back().end = i + 1;
    groups.back().cost += (pieces[i].first() + 64) * pieces[i].count;
  }
  std::ranges::stable_sort(groups, std::greater(), &Group::cost);
  return groups;
}

}  // namespace

at::Tensor CpuBackend::attend(const at::Tensor& q_THC, const Batch& b, const HeadShape& s, double scale,
                              const LayerCache& cache) {
  const at::ScalarType type = q_THC.scalar_type();
  const std::int64_t group = s.heads / s.kv_heads, C = s.width, size = element(type), stride = s.heads * C;
  const std::int64_t head = kPageTokens * padded_width(s);
  const std::int64_t most = std::max<std::int64_t>(1, kMostRows / group);
  const std::int64_t queries = std::accumulate(b.spans.begin(), b.spans.end(), std::int64_t{0},
                                               [](std::int64_t n, const Batch::Span& x) { return n + x.count; });
  const std::int64_t fair = queries * s.kv_heads / (threads() * kJobsPerThread);
  const std::vector<Piece> pieces = cut(b, most);
  const std::vector<Group> groups = gather(pieces, std::clamp<std::int64_t>(fair, 1, most));
  at::Tensor out = empty({q_THC.size(0), stride}, type);
  if (queries < out.size(0)) out.narrow(0, queries, out.size(0) - queries).zero_();  // padding: rows of no span
  const Scratch scratch(attend_scratch(most * group, padded_width(s)));
  const auto kernel = is_bf16(type) ? kernels_.attend_bf16 : kernels_.attend_f32;
  parallel(static_cast<std::int64_t>(groups.size()) * s.kv_heads, [&](std::int64_t i, int worker) {
    const Group& g = groups[static_cast<std::size_t>(i / s.kv_heads)];
    const std::int64_t kv_head = i % s.kv_heads;
    AttendPart parts[kMostRows];
    AttendJob j;
    j.parts = parts;
    std::int64_t row = 0;
    for (std::size_t p = g.begin; p < g.end; ++p) {
      const Piece& piece = pieces[p];
      const std::int64_t offset = ((piece.span->row + piece.begin) * stride + kv_head * group * C) * size;
      parts[j.count++] = {bytes(q_THC) + offset,
                          bytes(out) + offset,
                          piece.first(),
                          piece.count,
                          b.pages.data() + piece.span->pages,
                          row};
      row += piece.count * group;
    }
    j.stride = stride;
    j.group = group;
    j.head_dim = C;
    j.padded_dim = padded_width(s);
    j.k = bytes(cache.k) + kv_head * head * size;
    j.v = bytes(cache.v) + kv_head * head * size;
    j.page_stride = s.kv_heads * head;
    j.scale = static_cast<float>(scale);
    j.scratch = scratch.of(worker);
    kernel(j);
  });
  return out;
}

}  // namespace rm::ops::cpu
