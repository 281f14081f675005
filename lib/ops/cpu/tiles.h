// The tile unit of Intel AMX, as far as amx_body.h uses it: eight registers of up to 16 rows by 64 bytes.
//
// HardwareTiles is the unit itself. It has not run on a processor with AMX yet: what stands for that until it does is
// tests/lib/ops/model_tiles.h, the same operations in plain C++ after Intel's Software Developer's Manual (volume 2, and
// volume 1, "Programming with Intel AMX"), and a test that has the instructions below carried out by it.
#pragma once

#include <cstdint>

namespace rm::ops::cpu {

// A configuration as it lies in memory: 0 but for the palette, which is 1, and the shapes of the tiles that are used. No
// default values, as the constructor they make could be compiled for a newer processor than the one that runs it.
struct alignas(64) TileConfig {
  std::uint8_t palette, start_row, reserved[14];
  std::uint16_t row_bytes[16];
  std::uint8_t rows[16];
};
static_assert(sizeof(TileConfig) == 64);

#if defined(__x86_64__)
// In assembler, for GCC's intrinsics paste the number of a tile into text, so that it cannot be a template's parameter, and
// do not tell the compiler that they read and write memory. The state is the thread's.
struct HardwareTiles {
  static void configure(const TileConfig& c) { __asm__ volatile("ldtilecfg %0" ::"m"(c)); }  // all tiles become 0
  static void release() { __asm__ volatile("tilerelease"); }

  template <int kTile>
  static void zero() {
    __asm__ volatile("tilezero %%tmm%c0" ::"i"(kTile));
  }
  // Rows lie `stride` bytes apart.
  template <int kTile>
  static void load(const void* from, std::int64_t stride) {
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(stride), "i"(kTile) : "memory");
  }
  template <int kTile>
  static void store(void* to, std::int64_t stride) {
    __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(stride), "i"(kTile) : "memory");
  }
  // sums[m][n] += a[m][k] * b[k][n] over pairs of bf16, in f32.
  template <int kSums, int kA, int kB>
  static void dot_bf16() {
    __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(kSums), "i"(kA), "i"(kB));
  }
};
#endif

}  // namespace rm::ops::cpu
