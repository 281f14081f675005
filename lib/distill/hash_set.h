// A set of 64-bit hashes: 8 to 16 bytes each in one block, nothing else. For de-duplication of many records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace rm::distill {

class HashSet {
 public:
  // False where it was there already.
  bool insert(std::uint64_t h) {
    if (h == 0) return !std::exchange(zero_, true);
    if ((size_ + 1) * 4 > slots_.size() * 3) grow();
    if (!place(h)) return false;
    ++size_;
    return true;
  }
  std::size_t size() const { return size_ + (zero_ ? 1 : 0); }

 private:
  bool place(std::uint64_t h) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>(h) & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
      if (slots_[at] == h) return false;
    }
    slots_[at] = h;
    return true;
  }
  void grow() {
    std::vector<std::uint64_t> old(slots_.empty() ? 1024 : slots_.size() * 2);
    old.swap(slots_);
    for (const std::uint64_t h : old) {
      if (h != 0) place(h);
    }
  }
  std::vector<std::uint64_t> slots_;  // 0: free
  std::size_t size_ = 0;
  bool zero_ = false;
};

}  // namespace rm::distill
