// Random numbers whose whole state is two integers, so that a checkpoint or a record can name its place in the stream.
//
// Philox 4x64-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): block b of a seed is a pure
// function of (seed, b). Equal to numpy.random.Philox(key=seed). Distributions are our own, not the standard library's, so
// that they agree between compilers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace rm {

class Rng {
 public:
  explicit Rng(std::uint64_t seed, std::uint64_t position = 0) : seed_(seed), position_(position) {}

  std::uint64_t next();                  // uniform in 64 bits
  double uniform();                      // in [0, 1), 53 bits
  std::uint64_t below(std::uint64_t n);  // uniform in [0, n), without bias; 0 for n = 0
  double normal();                       // mean 0, deviation 1 (Box-Muller, two draws a number)

  std::uint64_t seed() const { return seed_; }
  std::uint64_t position() const { return position_; }  // draws of next() so far

 private:
  std::uint64_t seed_, position_;
  std::uint64_t cached_ = ~std::uint64_t{0};  // the block in words_; all ones: none
  std::array<std::uint64_t, 4> words_{};
};

// An independent seed for (seed, a, b): record and sample numbers, content hashes.
std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t a, std::uint64_t b = 0);

}  // namespace rm
