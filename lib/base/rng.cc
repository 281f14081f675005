#include "lib/base/rng.h"

#include <cmath>

#include "lib/base/hash.h"

namespace rm {
namespace {

// Constants of Philox 4x64: Salmon et al. 2011, table 2.
constexpr std::uint64_t kMul0 = 0xD2E7470EE14C6C93, kMul1 = 0xCA5A826395121157;
constexpr std::uint64_t kWeyl0 = 0x9E3779B97F4A7C15, kWeyl1 = 0xBB67AE8584CAA73B;
constexpr int kRounds = 10;

std::array<std::uint64_t, 4> philox(std::array<std::uint64_t, 4> c, std::uint64_t k0, std::uint64_t k1) {
  using Wide = unsigned __int128;
  for (int i = 0; i < kRounds; ++i) {
    const Wide p0 = static_cast<Wide>(kMul0) * c[0], p1 = static_cast<Wide>(kMul1) * c[2];
    c = {static_cast<std::uint64_t>(p1 >> 64) ^ c[1] ^ k0, static_cast<std::uint64_t>(p1),
         static_cast<std::uint64_t>(p0 >> 64) ^ c[3] ^ k1, static_cast<std::uint64_t>(p0)};
    k0 += kWeyl0, k1 += kWeyl1;
  }
  return c;
}

}  // namespace

std::uint64_t Rng::next() {
  const std::uint64_t block = position_ / 4;
  if (block != cached_) {
    words_ = philox({block + 1, 0, 0, 0}, seed_, 0);  // numpy counts before it draws
    cached_ = block;
  }
  return words_[position_++ % 4];
}

double Rng::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

std::uint64_t Rng::below(std::uint64_t n) {
  if (n == 0) return 0;
  const std::uint64_t reject = (0 - n) % n;  // 2^64 mod n
  for (;;) {
    const std::uint64_t v = next();
    if (v >= reject) return v % n;
  }
}

double Rng::normal() {
  const double u = 1.0 - uniform(), v = uniform();
  return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586476925286766559 * v);
}

std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t a, std::uint64_t b) {
  return ContentHash().add(seed).add(a).add(b).digest();
}

}  // namespace rm
