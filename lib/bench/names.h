// Many short texts in little memory: each is named by a number.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace rm::bench {

class Names {
 public:
  static constexpr std::size_t kLongest = 200;
  std::uint32_t add(
      std::string_view text);  // cut at kLongest bytes; everything past 4 GiB of texts shares one empty name
  std::string_view get(std::uint32_t name) const;

 private:
  static constexpr std::size_t kChunk = 1u << 20;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t used_ = kChunk;
};

}  // namespace rm::bench
