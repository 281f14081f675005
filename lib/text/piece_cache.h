// Remembers the tokens of short pieces of text, because text repeats its words.
//
// One a thread, shared by all tokenizers that run in it: an entry names its owner. A fixed number of entries, each in
// one place only; a newer piece takes the place of an older. Holds what was encoded until something takes its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace rm::text {

class PieceCache {
 public:
  static constexpr std::size_t kLongest = 24;  // bytes of a piece that is kept
  static constexpr std::size_t kMostIds = 8;

  static PieceCache& of_this_thread();
  static std::uint32_t new_owner();  // never 0, never the same

  // Appends the ids of the piece, which is at most kLongest bytes and whose text goes on to `end`; or returns false,
  // and keep() takes them when they are known.
  bool append(std::uint32_t owner, std::string_view piece, const char* end, std::vector<std::int32_t>& out);
  // The ids from `first` on are those of the piece that append() was last asked for.
  void keep(const std::vector<std::int32_t>& out, std::size_t first);

 private:
  struct alignas(64) Entry {
    std::uint64_t words[3] = {};  // the bytes, zeros after them
    std::uint32_t owner = 0;      // 0: free
    std::uint16_t length = 0, count = 0;
    std::int32_t ids[kMostIds] = {};
  };
  static constexpr std::size_t kEntries = 8192;  // half a megabyte, as much as a core keeps at hand

  PieceCache();
  std::unique_ptr<Entry[]> entries_;
  Entry wanted_;
  Entry* place_ = nullptr;
};

}  // namespace rm::text
