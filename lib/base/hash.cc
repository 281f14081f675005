#include "lib/base/hash.h"

#include <xxhash.h>

#include <new>

namespace rm {

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) { return XXH64(bytes.data(), bytes.size(), seed); }

Hash128 hash128(std::string_view bytes) {
  const XXH128_hash_t h = XXH3_128bits(bytes.data(), bytes.size());
  return {h.high64, h.low64};
}

namespace {
XXH3_state_t* xxh(void* state) { return static_cast<XXH3_state_t*>(state); }
}  // namespace

void StreamHash::Free::operator()(void* state) const { XXH3_freeState(xxh(state)); }

StreamHash::StreamHash() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  XXH3_128bits_reset(xxh(state_.get()));
}

StreamHash& StreamHash::add(std::string_view bytes) {
  XXH3_128bits_update(xxh(state_.get()), bytes.data(), bytes.size());
  return *this;
}

Hash128 StreamHash::digest() const {
  const XXH128_hash_t h = XXH3_128bits_digest(xxh(state_.get()));
  return {h.high64, h.low64};
}

std::string hex64(std::uint64_t v) {
  std::string out(16, '0');
  for (std::size_t i = 16; i-- > 0; v >>= 4) out[i] = "0123456789abcdef"[v & 15];
  return out;
}

std::string Hash128::hex() const { return hex64(high) + hex64(low); }

// Each field's hash is seeded with what came before it and its own length, so boundaries and order matter.
ContentHash& ContentHash::add(std::string_view field) {
  return add(static_cast<std::uint64_t>(field.size())).add(hash64(field, state_));
}

ContentHash& ContentHash::add(std::uint64_t number) {
  char bytes[8];
  for (char& b : bytes) b = static_cast<char>(number & 0xFF), number >>= 8;
  state_ = hash64({bytes, sizeof bytes}, state_ ^ 0x9E3779B97F4A7C15u);
  return *this;
}

}  // namespace rm
