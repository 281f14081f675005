// The tile unit of Intel AMX in plain C++: a stand-in for rm::ops::cpu::HardwareTiles (tiles.h) on any machine.
//
// Written after Intel's Software Developer's Manual: volume 2, LDTILECFG, TILELOADD, TILESTORED, TILEZERO, TILERELEASE and
// TDPBF16PS; volume 1, "Programming with Intel AMX". What the processor answers with a fault is a TileFault here. A thread has
// its own state, as on the processor.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>

#include "lib/ops/cpu/tiles.h"

namespace rm::ops::cpu {

struct TileFault : std::logic_error {
  using std::logic_error::logic_error;
};

class ModelTiles {
 public:
  static constexpr int kTiles = 8, kMostRows = 16, kMostBytes = 64;

  static void configure(const TileConfig& c) {
    State next;
    next.configured = c.palette != 0;
    need(c.palette <= 1, "LDTILECFG: no such palette");
    if (c.palette == 0) {
      state() = {};
      return;
    }
    need(c.start_row == 0, "LDTILECFG: a start row is only for restarts");
    for (const std::uint8_t r : c.reserved) need(r == 0, "LDTILECFG: reserved bytes");
    for (int t = 0; t < 16; ++t) {
      need(t < kTiles || (c.rows[t] == 0 && c.row_bytes[t] == 0), "LDTILECFG: more than eight tiles");
      if (t >= kTiles) continue;
      need(c.rows[t] <= kMostRows && c.row_bytes[t] <= kMostBytes, "LDTILECFG: a tile is too large");
      need((c.rows[t] == 0) == (c.row_bytes[t] == 0), "LDTILECFG: rows without bytes, or bytes without rows");
      next.tile[t].rows = c.rows[t];
      next.tile[t].bytes = c.row_bytes[t];
    }
    state() = next;
  }
  static void release() { state() = {}; }

  static void zero(int tile) { std::memset(used(tile).data, 0, sizeof(Tile::data)); }
  static void load(int tile, const void* from, std::int64_t stride) {
    Tile& t = used(tile);
    need(t.bytes % 4 == 0, "TILELOADD: rows of part of a word");
    std::memset(t.data, 0, sizeof t.data);
    for (int r = 0; r < t.rows; ++r) std::memcpy(t.data[r], static_cast<const char*>(from) + r * stride, t.bytes);
  }
  static void store(int tile, void* to, std::int64_t stride) {
    const Tile& t = used(tile);
    need(t.bytes % 4 == 0, "TILESTORED: rows of part of a word");
    for (int r = 0; r < t.rows; ++r) std::memcpy(static_cast<char*>(to) + r * stride, t.data[r], t.bytes);
  }
  static void dot_bf16(int sums, int a, int b) {
    need(sums != a && sums != b && a != b, "TDPBF16PS: the same tile twice");
    Tile &c = used(sums), &x = used(a), &y = used(b);
    need(c.bytes % 4 == 0 && x.bytes % 4 == 0 && y.bytes % 4 == 0, "TDPBF16PS: rows of part of a word");
    need(c.rows == x.rows && c.bytes == y.bytes && x.bytes / 4 == y.rows, "TDPBF16PS: shapes that do not fit");
    for (int m = 0; m < c.rows; ++m) {
      float even[16] = {}, odd[16] = {};
      for (int k = 0; k < x.bytes / 4; ++k) {
        for (int n = 0; n < c.bytes / 4; ++n) {
          even[n] = fused(bf16(x, m, 2 * k), bf16(y, k, 2 * n), even[n]);
          odd[n] = fused(bf16(x, m, 2 * k + 1), bf16(y, k, 2 * n + 1), odd[n]);
        }
      }
      for (int n = 0; n < c.bytes / 4; ++n) {
        float sum = 0;
        std::memcpy(&sum, c.data[m] + 4 * n, 4);
        sum = flushed(flushed(sum) + flushed(even[n] + odd[n]));
        std::memcpy(c.data[m] + 4 * n, &sum, 4);
      }
      std::memset(c.data[m] + c.bytes, 0, static_cast<std::size_t>(kMostBytes - c.bytes));
    }
    std::memset(c.data + c.rows, 0, static_cast<std::size_t>((kMostRows - c.rows) * kMostBytes));
  }

  // The names by which the kernels call them.
  template <int kTile>
  static void zero() {
    zero(kTile);
  }
  template <int kTile>
  static void load(const void* from, std::int64_t stride) {
    load(kTile, from, stride);
  }
  template <int kTile>
  static void store(void* to, std::int64_t stride) {
    store(kTile, to, stride);
  }
  template <int kSums, int kA, int kB>
  static void dot_bf16() {
    dot_bf16(kSums, kA, kB);
  }

  static bool configured() { return state().configured; }

 private:
  struct Tile {
    int rows = 0, bytes = 0;  // 0: cannot be used
    unsigned char data[kMostRows][kMostBytes] = {};
  };
  struct State {
    bool configured = false;
    Tile tile[kTiles];
  };

  static State& state() {
    static thread_local State s;
    return s;
  }
  static void need(bool holds, const char* what) {
    if (!holds) throw TileFault(what);
  }
  static Tile& used(int tile) {
    need(state().configured, "a tile before LDTILECFG");
    need(tile >= 0 && tile < kTiles && state().tile[tile].rows > 0, "a tile that is not configured");
    return state().tile[tile];
  }

  // Denormals are 0, before and after every operation.
  static float flushed(float x) { return std::abs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0f, x) : x; }
  static float bf16(const Tile& t, int row, int i) {
    std::uint16_t half = 0;
    std::memcpy(&half, t.data[row] + 2 * i, 2);
    const std::uint32_t word = std::uint32_t{half} << 16;
    float x = 0;
    std::memcpy(&x, &word, 4);
    return flushed(x);
  }
  // x * y + z rounded once. A product of two bf16 is exact in f32 unless it leaves the range of normal numbers, and then plain
  // operations round once too; they are faster where the processor has no such instruction.
  static float fused(float x, float y, float z) {
    const float product = x * y, size = std::abs(product);
    const bool exact =
        x == 0 || y == 0 || (size >= std::numeric_limits<float>::min() && size <= std::numeric_limits<float>::max());
    return flushed(exact ? product + z : std::fma(x, y, z));
  }
};

}  // namespace rm::ops::cpu
