#include "lib/text/unicode.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <vector>

#include "lib/text/utf8.h"

namespace rm::text {
namespace {

#include "lib/text/unicode_classes.inc"
#include "lib/text/unicode_nfc.inc"

constexpr std::uint32_t kCodeMask = 0x00FFFFFF;
constexpr std::uint64_t kPartMask = 0x1FFFFF;

// Hangul syllables are composed by arithmetic (The Unicode Standard, section 3.12).
constexpr char32_t kSBase = 0xAC00, kLBase = 0x1100, kVBase = 0x1161, kTBase = 0x11A7;
constexpr char32_t kLCount = 19, kVCount = 21, kTCount = 28, kSCount = kLCount * kVCount * kTCount;

template <std::size_t N>
std::uint8_t value_from(const std::uint32_t (&table)[N], char32_t code) {
  const auto* after = std::upper_bound(std::begin(table), std::end(table), code,
                                       [](char32_t c, std::uint32_t row) { return c < (row & kCodeMask); });
  return static_cast<std::uint8_t>(*std::prev(after) >> 24);
}

struct Composition {
  std::uint64_t parts;  // first << 21 | second
  char32_t code;
};

const std::vector<Composition>& compositions() {
  static const std::vector<Composition> table = [] {
    std::vector<Composition> t;
    for (const std::uint64_t row : kDecompositions) {
      if (row >> 63 || (row & kPartMask) == 0) continue;
      t.push_back({row & ((1ULL << 42) - 1), static_cast<char32_t>((row >> 42) & kPartMask)});
    }
    std::sort(t.begin(), t.end(), [](const Composition& a, const Composition& b) { return a.parts < b.parts; });
    return t;
  }();
  return table;
}

// 0: the two do not compose.
char32_t compose(char32_t a, char32_t b) {
  if (a >= kLBase && a < kLBase + kLCount && b >= kVBase && b < kVBase + kVCount) {
    return kSBase + ((a - kLBase) * kVCount + (b - kVBase)) * kTCount;
  }
  if (a >= kSBase && a < kSBase + kSCount && (a - kSBase) % kTCount == 0 && b > kTBase && b < kTBase + kTCount) {
    return a + (b - kTBase);
  }
  const std::uint64_t parts = static_cast<std::uint64_t>(a) << 21 | b;
  const auto& table = compositions();
  const auto it = std::lower_bound(table.begin(), table.end(), parts,
                                   [](const Composition& row, std::uint64_t p) { return row.parts < p; });
  return it != table.end() && it->parts == parts ? it->code : 0;
}

struct Mark {
  char32_t code;
  std::uint8_t order;  // canonical combining class
};

void append_decomposed(char32_t code, std::vector<Mark>& out) {
  if (code >= kSBase && code < kSBase + kSCount) {
    const char32_t s = code - kSBase;
    out.push_back({kLBase + s / (kVCount * kTCount), 0});
    out.push_back({kVBase + s % (kVCount * kTCount) / kTCount, 0});
    if (s % kTCount != 0) out.push_back({kTBase + s % kTCount, 0});
    return;
  }
  // Only the first part decomposes further: peel seconds off, then put them back in order.
  char32_t seconds[8];
  int depth = 0;
  for (; depth < 8; ++depth) {
    const auto* row = std::lower_bound(std::begin(kDecompositions), std::end(kDecompositions), code,
                                       [](std::uint64_t r, char32_t c) { return ((r >> 42) & kPartMask) < c; });
    if (row == std::end(kDecompositions) || ((*row >> 42) & kPartMask) != code) break;
    code = static_cast<char32_t>((*row >> 21) & kPartMask);
    seconds[depth] = static_cast<char32_t>(*row & kPartMask);
  }
  out.push_back({code, value_from(kCombiningFrom, code)});
  while (depth-- > 0) {
    if (seconds[depth] != 0) out.push_back({seconds[depth], value_from(kCombiningFrom, seconds[depth])});
  }
}

// Stable, by class, each run of marks between starters; long runs by counting so that hostile text stays linear.
void reorder(std::vector<Mark>& marks) {
  auto less = [](const Mark& a, const Mark& b) { return a.order < b.order; };
  std::vector<Mark> sorted;
  for (std::size_t from = 0; from < marks.size();) {
    if (marks[from].order == 0) {
      ++from;
      continue;
    }
    std::size_t end = from;
    while (end < marks.size() && marks[end].order != 0) ++end;
    const auto first = marks.begin() + static_cast<std::ptrdiff_t>(from);
    const auto last = marks.begin() + static_cast<std::ptrdiff_t>(end);
    if (end - from > 64) {
      std::array<std::size_t, 257> place{};
      for (auto it = first; it != last; ++it) ++place[it->order + 1U];
      for (std::size_t k = 1; k < place.size(); ++k) place[k] += place[k - 1];
      sorted.resize(end - from);
      for (auto it = first; it != last; ++it) sorted[place[it->order]++] = *it;
      std::copy(sorted.begin(), sorted.end(), first);
    } else if (!std::is_sorted(first, last, less)) {
      for (auto it = first; it != last; ++it) std::rotate(std::upper_bound(first, it, *it, less), it, it + 1);
    }
    from = end;
  }
}

// UAX #15: a mark joins the last starter unless something of its class or higher stands between.
void recompose(std::vector<Mark>& marks) {
  std::size_t kept = 0, starter = marks.size();
  int between = -1;  // highest class kept since the starter; -1: nothing
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const Mark m = marks[i];
    if (starter < kept && between < static_cast<int>(m.order)) {
      if (const char32_t joined = compose(marks[starter].code, m.code)) {
        marks[starter].code = joined;
        continue;
      }
    }
    if (m.order == 0) {
      starter = kept;
      between = -1;
    } else {
      between = m.order;
    }
    marks[kept++] = m;
  }
  marks.resize(kept);
}

// The end of the ASCII characters from `at`, eight at a time; some may be left.
std::size_t skip_ascii(std::string_view text, std::size_t at) {
  for (std::uint64_t eight; at + sizeof eight <= text.size(); at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    if ((eight & 0x8080808080808080ULL) != 0) break;
  }
  return at;
}

}  // namespace

CharClasses::CharClasses() {
  std::size_t code = 0;
  for (std::size_t i = 0; i < std::size(kClassFrom) && code < kDirect; ++i) {
    const std::size_t end = i + 1 < std::size(kClassFrom) ? kClassFrom[i + 1] & kCodeMask : kDirect;
    for (; code < std::min(end, kDirect); ++code) direct_[code] = static_cast<std::uint8_t>(kClassFrom[i] >> 24);
  }
  bytes_.fill(kWide);
  std::copy_n(direct_.begin(), 0x80, bytes_.begin());
}

const CharClasses& CharClasses::get() {
  static const CharClasses classes;
  return classes;
}

std::uint8_t CharClasses::search(char32_t code) const { return code == kBroken ? 0 : value_from(kClassFrom, code); }

bool to_nfc(std::string_view text, std::string& out) {
  const CharClasses& classes = CharClasses::get();
  std::vector<Mark> cluster;
  std::size_t copied = 0, base = 0;  // base: where the last unchanged character starts
  bool changed = false;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t end = skip_ascii(text, at); end > at) {
      base = end - 1;
      at = end;
      continue;
    }
    const CodePoint c = decode_at(text, at);
    if (c.code < 0x80 || (classes.of(c.code) & kMayChange) == 0) {
      base = at;
      at += c.length;
      continue;
    }
    // The cluster: the character before, if any, and every one that may change up to the next that cannot.
    if (!changed) out.clear();
    changed = true;
    out.append(text, copied, base - copied);
    cluster.clear();
    std::size_t end = base;
    while (end < text.size()) {
      const CodePoint x = decode_at(text, end);
      if (end > base && (x.code == kBroken || (classes.of(x.code) & kMayChange) == 0)) break;
      if (x.code == kBroken) {  // the first only: it takes part in nothing
        out.append(text, end, x.length);
      } else {
        append_decomposed(x.code, cluster);
      }
      end += x.length;
    }
    reorder(cluster);
    recompose(cluster);
    for (const Mark& m : cluster) append_code_point(out, m.code);
    copied = base = at = end;
  }
  if (changed) out.append(text, copied, text.size() - copied);
  return changed;
}

}  // namespace rm::text
