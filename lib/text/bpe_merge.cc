// The three ways to merge a piece: by scanning (words), with a heap (long ones), with a bucket a rank (hostile ones).

#include <algorithm>
#include <functional>
#include <queue>

#include "lib/base/limits.h"
#include "lib/text/bpe.h"

namespace rm::text {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFF;

// The places in a long piece where one merge applies, taken from left to right. Places found in order are appended;
// the few found late, while the bucket is being emptied, wait in a heap.
class Bucket {
 public:
  void add(std::uint32_t place) {
    if (!open_ || at_ == run_.size() || place >= run_.back()) {
      run_.push_back(place);
    } else {
      late_.push_back(place);
      std::push_heap(late_.begin(), late_.end(), std::greater<>());
    }
  }
  bool empty() const { return at_ == run_.size() && late_.empty(); }
  std::uint32_t take() {
    if (!open_) {
      open_ = true;
      if (!std::is_sorted(run_.begin(), run_.end())) std::sort(run_.begin(), run_.end());
    }
    if (late_.empty() || (at_ < run_.size() && run_[at_] <= late_.front())) return run_[at_++];
    std::pop_heap(late_.begin(), late_.end(), std::greater<>());
    const std::uint32_t place = late_.back();
    late_.pop_back();
    return place;
  }

 private:
  std::vector<std::uint32_t> run_, late_;
  std::size_t at_ = 0;
  bool open_ = false;
};

}  // namespace

// A piece as a doubly linked list of symbols; a symbol that was merged into its left neighbour has id -1.
struct Bpe::Chain {
  std::vector<std::int32_t> id;
  std::vector<std::uint32_t> next, previous;

  // Joins the symbol at `place` with the one after it.
  void join(std::uint32_t place, std::int32_t joined) {
    const std::uint32_t gone = next[place];
    id[place] = joined;
    id[gone] = -1;
    next[place] = next[gone];
    if (next[gone] != kNone) previous[next[gone]] = place;
  }
};

// Symbols stay at the place where they started; a pair is `rank << 8 | place` of its left symbol, so that the lowest is
// the one to merge.
void Bpe::merge_scan(std::string_view piece, std::vector<std::int32_t>& out) const {
  static_assert(limits::kVocab <= 1u << 23, "a rank and a place must fit 31 bits");
  std::array<std::int32_t, kScanned> id, joined;
  std::array<std::uint32_t, kScanned> pairs;
  std::array<std::uint8_t, kScanned + 1> next, previous;
  const std::size_t n = start(piece, id.data());
  auto look = [&](std::size_t i, std::size_t after) {
    const Pair* p = after < n ? pair(id[i], id[after]) : nullptr;
    pairs[i] = p ? p->rank << 8 | static_cast<std::uint32_t>(i) : kNoRank;
    if (p) joined[i] = p->id;
  };
  for (std::size_t i = 0; i < n; ++i) {
    look(i, i + 1);
    next[i] = static_cast<std::uint8_t>(i + 1);
    previous[i] = static_cast<std::uint8_t>(i - 1);  // of the first: never read
  }
  for (;;) {
    std::uint32_t best = kNoRank;
    for (std::size_t i = 0; i < n; ++i) best = std::min(best, pairs[i]);
    if (best == kNoRank) break;
    const std::size_t at = best & 0xFF, gone = next[at], after = next[gone];
    id[at] = joined[at];
    pairs[gone] = kNoRank;
    next[at] = static_cast<std::uint8_t>(after);
    previous[after] = static_cast<std::uint8_t>(at);
    look(at, after);
    if (at > 0) look(previous[at], at);
  }
  for (std::size_t i = 0; i < n; i = next[i]) out.push_back(id[i]);
}

void Bpe::merge_heap(Chain& chain) const {
  std::vector<std::uint64_t> heap;  // rank << 32 | place
  heap.reserve(chain.id.size());
  auto entry = [&](std::uint32_t place) -> std::uint64_t {
    const std::uint32_t after = chain.next[place];
    const Pair* p = after == kNone ? nullptr : pair(chain.id[place], chain.id[after]);
    return p ? static_cast<std::uint64_t>(p->rank) << 32 | place : ~0ULL;
  };
  auto push = [&](std::uint32_t place) {
    if (const std::uint64_t e = entry(place); e != ~0ULL) {
      heap.push_back(e);
      std::push_heap(heap.begin(), heap.end(), std::greater<>());
    }
  };
  for (std::uint32_t i = 0; i < chain.id.size(); ++i) {
    if (const std::uint64_t e = entry(i); e != ~0ULL) heap.push_back(e);
  }
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const auto rank = static_cast<std::uint32_t>(heap.back() >> 32);
    const auto place = static_cast<std::uint32_t>(heap.back());
    heap.pop_back();
    const Merge& m = merges_[rank];
    const std::uint32_t after = chain.next[place];
    if (chain.id[place] != m.left || after == kNone || chain.id[after] != m.right) continue;  // stale
    chain.join(place, m.id);
    if (chain.previous[place] != kNone) push(chain.previous[place]);
    push(place);
  }
}

void Bpe::merge_buckets(Chain& chain) const {
  std::vector<std::uint32_t> bucket_of(merges_.size(), kNone);
  std::vector<Bucket> buckets;
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ranks;  // of buckets with places
  auto push = [&](std::uint32_t place) {
    const std::uint32_t after = chain.next[place];
    const Pair* p = after == kNone ? nullptr : pair(chain.id[place], chain.id[after]);
    if (!p) return;
    if (bucket_of[p->rank] == kNone) {
      bucket_of[p->rank] = static_cast<std::uint32_t>(buckets.size());
      buckets.emplace_back();
      ranks.push(p->rank);
    }
    buckets[bucket_of[p->rank]].add(place);
  };
  for (std::uint32_t i = 0; i < chain.id.size(); ++i) push(i);
  while (!ranks.empty()) {
    const std::uint32_t rank = ranks.top();
    const std::uint32_t number = bucket_of[rank];
    const Merge& m = merges_[rank];
    while (!buckets[number].empty() && ranks.top() == rank) {  // a lower rank that comes up goes first
      const std::uint32_t place = buckets[number].take();
      const std::uint32_t after = chain.next[place];
      if (chain.id[place] != m.left || after == kNone || chain.id[after] != m.right) continue;
      chain.join(place, m.id);
      if (chain.previous[place] != kNone) push(chain.previous[place]);
      push(place);
    }
    if (ranks.top() != rank) continue;
    ranks.pop();
    buckets[number] = Bucket();
    bucket_of[rank] = kNone;
  }
}

void Bpe::merge(std::string_view piece, Method method, std::vector<std::int32_t>& out) const {
  if (method == Method::kScan && piece.size() <= kScanned) return merge_scan(piece, out);
  Chain chain;
  chain.id.resize(piece.size());
  chain.id.resize(start(piece, chain.id.data()));
  if (chain.id.empty()) return;
  const auto n = static_cast<std::uint32_t>(chain.id.size());
  chain.next.resize(n);
  chain.previous.resize(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    chain.next[i] = i + 1 < n ? i + 1 : kNone;
    chain.previous[i] = i > 0 ? i - 1 : kNone;
  }
  if (method == Method::kBuckets) {
    merge_buckets(chain);
  } else {
    merge_heap(chain);
  }
  for (std::uint32_t i = 0; i != kNone; i = chain.next[i]) out.push_back(chain.id[i]);
}

}  // namespace rm::text
