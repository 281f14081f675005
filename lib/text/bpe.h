// Byte-pair merging of one piece of text.
//
// Merges the pair of lowest rank first, the leftmost of equals, until none is left (Sennrich et al., arXiv 1508.07909).
// O(n log n) in the length of the piece, no recursion; a piece that merging would turn into one token is looked up.
// Owns its tables; immutable after make(); safe from any thread.
#pragma once

#include <array>
#include <bit>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/text/vocab.h"

namespace rm::text {

class Bpe {
 public:
  // `skip[id]`: never the result of encoding (added tokens). Errors as Tokenizer::make promises.
  static Result<Bpe> make(const Vocab& vocab, const std::vector<bool>& skip);

  // Appends the ids of a piece. A byte the vocabulary cannot write at all is left out, as the oracle leaves it out.
  void encode(std::string_view piece, std::vector<std::int32_t>& out) const;

  std::optional<std::int32_t> find(std::string_view bytes) const;  // the token of exactly these bytes
  std::string_view bytes(std::int32_t id) const;                   // empty for unused ids; id below size()
  std::size_t size() const { return ends_.size(); }

  // The three ways to merge, by length; all give the same ids. Public for the test that says so.
  enum class Method { kScan, kHeap, kBuckets };
  void merge(std::string_view piece, Method method, std::vector<std::int32_t>& out) const;

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::int32_t id = -1;  // -1: free
  };
  struct Pair {
    std::uint64_t key = 0;  // left << 32 | right
    std::uint32_t rank = 0;
    std::int32_t id = -1;  // -1: free
  };
  struct Merge {
    std::int32_t left, right, id;
  };
  struct Chain;
  static constexpr std::uint32_t kNoRank = 0xFFFFFFFF;
  static constexpr std::size_t kScanned = 128;  // bytes of a piece that is merged by scanning

  Result<void> add_tokens(const Vocab& vocab, const std::vector<bool>& skip);
  Result<void> add_merges(const Vocab& vocab);
  Result<void> check_bytes(const Vocab& vocab) const;
  void add_characters();
  std::pair<std::int32_t, std::uint32_t> merge_character(std::string_view text) const;
  // The symbols that merging starts from; `out` has room for one a byte. Returns how many there are.
  std::size_t start(std::string_view piece, std::int32_t* out) const;
  static std::size_t joint_at(char last, char first) {
    return static_cast<std::size_t>(static_cast<unsigned char>(last)) << 8 | static_cast<unsigned char>(first);
  }
  bool joint(char last, char first) const { return joints_[joint_at(last, first)]; }
  void set_joint(char last, char first) { joints_[joint_at(last, first)] = true; }
  static std::uint64_t pair_hash(std::uint64_t key) { return (key ^ (key >> 29)) * 0x9E3779B97F4A7C15ULL; }
  std::size_t pair_slot(std::uint64_t hash) const { return hash >> (64 - std::countr_zero(by_pair_.size())); }
  // Four bits for each slot: most pairs that text asks for are none, and those bits stay at hand where the table cannot.
  std::size_t maybe_bit(std::uint64_t hash) const { return hash >> (62 - std::countr_zero(by_pair_.size())); }
  const Pair* pair(std::int32_t left, std::int32_t right) const {
    const std::uint64_t key =
        static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 | static_cast<std::uint32_t>(right);
    const std::uint64_t hash = pair_hash(key);
    const std::size_t bit = maybe_bit(hash);
    if ((maybe_[bit / 64] >> bit % 64 & 1) == 0) return nullptr;
    for (std::size_t at = pair_slot(hash); by_pair_[at].id >= 0; at = (at + 1) & (by_pair_.size() - 1)) {
      if (by_pair_[at].key == key) return &by_pair_[at];
    }
    return nullptr;
  }
  void merge_scan(std::string_view piece, std::vector<std::int32_t>& out) const;
  void merge_heap(Chain& chain) const;
  void merge_buckets(Chain& chain) const;

  std::string arena_;                 // the bytes of all tokens, by id
  std::vector<std::uint32_t> ends_;   // where each ends
  std::vector<bool> whole_;           // merging its bytes gives the token itself
  std::vector<Slot> by_bytes_;        // open addressing, at most half full
  std::vector<Pair> by_pair_;         // the same
  std::vector<std::uint64_t> maybe_;  // bits: some pair has this hash
  std::vector<Merge> merges_;         // by rank
  std::array<std::int32_t, 256> byte_id_{};
  std::vector<std::int32_t> characters_;  // by code point of two or three bytes: the token to start from, or -1
  std::bitset<65536> joints_;             // by last and first byte: a merge of parts may join them
  std::size_t longest_ = 0;               // bytes of the longest whole token
};

// GPT-2's mapping of bytes to printable characters, read backwards. False: a character is not in it.
bool unmap_bytes(std::string_view mapped, std::string& bytes);

}  // namespace rm::text
