#include "lib/text/piece_cache.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>

namespace rm::text {
namespace {

static_assert(std::endian::native == std::endian::little, "the first bytes of a word must be its lowest bits");

using Words = std::array<std::uint64_t, 3>;

// By length: ones where a piece of that many bytes has bytes.
constexpr std::array<Words, PieceCache::kLongest + 1> kMasks = [] {
  std::array<Words, PieceCache::kLongest + 1> masks{};
  for (std::size_t length = 0; length < masks.size(); ++length) {
    for (std::size_t i = 0; i < length; ++i) masks[length][i / 8] |= 0xFFULL << (i % 8 * 8);
  }
  return masks;
}();

std::uint64_t mix(std::uint64_t h, std::uint64_t word) {
  h = (h ^ word) * 0x9E3779B97F4A7C15ULL;
  return h ^ h >> 32;
}

}  // namespace

PieceCache::PieceCache() : entries_(std::make_unique<Entry[]>(kEntries)) {}

PieceCache& PieceCache::of_this_thread() {
  thread_local PieceCache cache;
  return cache;
}

std::uint32_t PieceCache::new_owner() {
  static std::atomic<std::uint32_t> last{0};
  return ++last;
}

bool PieceCache::append(std::uint32_t owner, std::string_view piece, const char* end, std::vector<std::int32_t>& out) {
  Words w{};
  if (static_cast<std::size_t>(end - piece.data()) >= sizeof w) {
    std::memcpy(w.data(), piece.data(), sizeof w);  // of a known size: no call
    const Words& mask = kMasks[piece.size()];
    for (std::size_t k = 0; k < w.size(); ++k) w[k] &= mask[k];
  } else {
    std::memcpy(w.data(), piece.data(), piece.size());
  }
  const std::uint64_t hash = mix(mix(mix(owner ^ piece.size() << 32, w[0]), w[1]), w[2]);
  Entry& e = entries_[hash % kEntries];
  if (e.words[0] == w[0] && e.words[1] == w[1] && e.words[2] == w[2] && e.length == piece.size() && e.owner == owner) {
    if (e.count == 1) {
      out.push_back(e.ids[0]);
    } else {
      out.insert(out.end(), e.ids, e.ids + e.count);
    }
    return true;
  }
  place_ = &e;
  std::copy(w.begin(), w.end(), wanted_.words);
  wanted_.owner = owner;
  wanted_.length = static_cast<std::uint16_t>(piece.size());
  return false;
}

void PieceCache::keep(const std::vector<std::int32_t>& out, std::size_t first) {
  if (out.size() - first > kMostIds) return;
  wanted_.count = static_cast<std::uint16_t>(out.size() - first);
  std::copy(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(), wanted_.ids);
  *place_ = wanted_;
}

}  // namespace rm::text
