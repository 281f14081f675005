// Stable hashes: the same on every machine and run, for sharding, ordering and resuming. Not against adversaries.
//
// XXH64 and XXH3-128 (xxhash). StreamHash takes bytes as they come. ContentHash takes fields with their lengths, so
// ("ab","c") and ("a","bc") differ.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rm {

struct Hash128 {
  std::uint64_t high = 0, low = 0;
  bool operator==(const Hash128&) const = default;
  std::string hex() const;  // 32 digits
};

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);  // XXH64
Hash128 hash128(std::string_view bytes);                               // XXH3, 128 bits
std::string hex64(std::uint64_t v);                                    // 16 digits

// hash128 of all bytes added so far, however they were cut.
class StreamHash {
 public:
  StreamHash();
  StreamHash& add(std::string_view bytes);
  Hash128 digest() const;

 private:
  struct Free {
    void operator()(void* state) const;
  };
  std::unique_ptr<void, Free> state_;
};

class ContentHash {
 public:
  ContentHash& add(std::string_view field);
  ContentHash& add(std::uint64_t number);
  std::uint64_t digest() const { return state_; }

 private:
  std::uint64_t state_ = 0;
};

}  // namespace rm
