// Attention over the pages of the cache, compiled once for every instruction set behind kernels_body.h, whose vectors and
// products it uses.
//
// A job holds parts: consecutive queries of one sequence each. Key blocks are walked in order; where neighbouring parts hold
// the same pages, one product serves the rows of all of them, so that a prompt which many sequences share is read once. A
// row's own chain of steps is the same whoever shares them, so its result is too, bit by bit: nothing is merged afterwards.

namespace rm::ops::cpu::RM_ISA {
namespace {

// The softmax step of one row over a key block: scores become weights, the running maximum and sum move on, and the sum
// over values so far is scaled to the new maximum (online softmax: arXiv:1805.02867; blocked attention: arXiv:2205.14135).
template <class E>
inline void soften(float* s, I visible, float scale, float* top, float* total, float* sums, I width, E* weights) {
  V m = splat(-__builtin_inff());
  for (I i = 0; i < kKeyBlock; i += kW) {
    V v = load(s + i) * scale;
    if (i + kW > visible)
      for (int l = 0; l < kW; ++l) v[l] = i + l < visible ? v[l] : -__builtin_inff();
    store(s + i, v);
    m = max(m, v);
  }
  const float before = *top, now_ = maximum(m);
  const float now = now_ > before ? now_ : before;
  V part = V{};
  for (I i = 0; i < kKeyBlock; i += kW) {
    const V p = exp(load(s + i) - splat(now));
    part += p;
    store(weights + i, p);
  }
  const float shrink = now == before ? 1.0f : exp(splat(before - now))[0];
  *total = *total * shrink + sum(part);
  *top = now;
  if (shrink != 1.0f)
    for (I i = 0; i < width; i += kW) store(sums + i, load(sums + i) * shrink);
}

template <bool kF32, class E>
class Attention {
 public:
  explicit Attention(const AttendJob& j) : j_(j), C_(j.padded_dim) {
    const AttendPart& last = j.parts[j.count - 1];
    const I rows = last.row + last.positions * j.group;
    sums_ = static_cast<float*>(j.scratch);
    scores_ = sums_ + rows * C_;
    tops_ = scores_ + rows * kKeyBlock;
    totals_ = tops_ + rows;
    q_ = reinterpret_cast<E*>(totals_ + rows);
    weights_ = q_ + rows * C_;
  }

  void run() {
    for (I p = 0; p < j_.count; ++p) begin(j_.parts[p]);
    walk(0, j_.count, 0);
    for (I p = 0; p < j_.count; ++p) finish(j_.parts[p]);
  }

 private:
  static constexpr I kPack = kF32 ? 1 : 2;

  I rows(const AttendPart& p) const { return p.positions * j_.group; }

  void begin(const AttendPart& p) {
    for (I i = 0; i < rows(p); ++i) {
      const E* from = static_cast<const E*>(p.q) + i / j_.group * j_.stride + i % j_.group * j_.head_dim;
      const I r = p.row + i;
      for (I c = 0; c < C_; ++c) q_[r * C_ + c] = c < j_.head_dim ? from[c] : E{};
      for (I c = 0; c < C_; ++c) sums_[r * C_ + c] = 0;
      tops_[r] = -__builtin_inff();
      totals_[r] = 0;
    }
  }

  // Blocks from `block` on for the parts [low, high), which agree so far; each group that stays together to its end.
  void walk(I low, I high, I block) {
    for (; low < high;) {
      const I next = together(low, high, block);
      if (next == high) {
        if (block >= j_.parts[low].first + j_.parts[low].positions) return;
        step(low, high, block);
        block += kKeyBlock;
        continue;
      }
      walk(low, next, block);
      low = next;
    }
  }

  // The end of the run of parts from `low` on that read the block's keys from the same pages, all of it seen by every row.
  I together(I low, I high, I block) const {
    const AttendPart& a = j_.parts[low];
    I next = low + 1;
    if (a.first < block + kKeyBlock - 1) return next;
    const std::int32_t* pages = a.pages + block / kPageTokens;
    for (; next < high; ++next) {
      const AttendPart& b = j_.parts[next];
      if (b.first < block + kKeyBlock - 1) break;
      bool same = true;
      for (I i = 0; i < kKeyBlock / kPageTokens; ++i) same = same && b.pages[block / kPageTokens + i] == pages[i];
      if (!same) break;
    }
    return next;
  }

  // Asks for the page that holds the position, if any key there is wanted.
  void ask(const void* cache, const AttendPart& a, I position) const {
    if (position >= a.first + a.positions) return;
    const char* page =
        reinterpret_cast<const char*>(static_cast<const E*>(cache) + a.pages[position / kPageTokens] * j_.page_stride);
    for (I i = 0; i < kPageTokens * C_ * I{sizeof(E)}; i += 64) __builtin_prefetch(page + i, 0, 2);
  }

  void step(I low, I high, I block) {
    const AttendPart &a = j_.parts[low], &z = j_.parts[high - 1];
    const I end = a.first + a.positions;  // of a part alone: keys that anyone here sees
    const I keys = end - block < kKeyBlock ? end - block : kKeyBlock;
    // Rows that see nothing of this block are the leading ones.
    const I first = a.row + (block > a.first ? (block - a.first) * j_.group : 0);
    const I n = z.row + rows(z) - first;
    for (I p = 0; p < keys; p += kPageTokens) {
      const E* page = static_cast<const E*>(j_.k) + a.pages[(block + p) / kPageTokens] * j_.page_stride;
      ask(j_.k, a, block + p + kKeyBlock);
      multiply<kF32>(n, kPageTokens,
                     {reinterpret_cast<const Word*>(q_ + first * C_), C_ / kPack, reinterpret_cast<const Word*>(page),
                      kPageTokens, C_ / kPack, scores_ + first * kKeyBlock + p, kKeyBlock, false, nullptr});
    }
    for (I p = low; p < high; ++p) {
      const AttendPart& part = j_.parts[p];
      for (I r = first > part.row ? first : part.row; r < part.row + rows(part); ++r)
        soften(scores_ + r * kKeyBlock, part.first + (r - part.row) / j_.group + 1 - block, j_.scale, tops_ + r,
               totals_ + r, sums_ + r * C_, C_, weights_ + r * kKeyBlock);
    }
    for (I p = 0; p < keys; p += kPageTokens) {
      const E* page = static_cast<const E*>(j_.v) + a.pages[(block + p) / kPageTokens] * j_.page_stride;
      ask(j_.v, a, block + p + kKeyBlock);
      multiply<kF32>(
          n, C_,
          {reinterpret_cast<const Word*>(weights_ + first * kKeyBlock + p), kKeyBlock / kPack,
           reinterpret_cast<const Word*>(page), C_, kPageTokens / kPack, sums_ + first * C_, C_, true, nullptr});
    }
  }

  void finish(const AttendPart& p) {
    for (I i = 0; i < rows(p); ++i) {
      E* to = static_cast<E*>(p.out) + i / j_.group * j_.stride + i % j_.group * j_.head_dim;
      const I r = p.row + i;
      const float inverse = 1.0f / totals_[r];
      for (I c = 0; c < j_.head_dim; ++c) store_one(to + c, sums_[r * C_ + c] * inverse);
    }
  }

  const AttendJob& j_;
  I C_;
  float *sums_, *scores_, *tops_, *totals_;  // [rows, C], [rows, kKeyBlock], [rows], [rows]
  E *q_, *weights_;                          // [rows, C], [rows, kKeyBlock]
};

template <bool kF32, class E>
void attend(const AttendJob& j) {
  Attention<kF32, E>(j).run();
}

}  // namespace
}  // namespace rm::ops::cpu::RM_ISA
