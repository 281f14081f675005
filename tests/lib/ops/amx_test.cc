// The AMX kernels over a model of the tile unit, so that their logic is held on machines without one: against plain sums in
// doubles, and for the same bits whatever rows run together. Then the model itself.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "lib/ops/cpu/kernels.h"
#include "tests/lib/ops/model_tiles.h"
#include "tests/lib/ops/panel_case.h"
#include "tests/lib/ops/tables.h"

#define RM_WIDTH 4
#define RM_DOT_BF16 0
#define RM_DOT_INT8 0
#define RM_ISA amx_model
#include "lib/ops/cpu/amx_body.h"

#undef CHECK  // c10's; doctest's is meant
#include <doctest/doctest.h>

namespace rm::ops::cpu {

const KernelTable kAmxModel = amx_model::tile_table<ModelTiles>("amx-model", [](const CpuFeatures&) { return true; });

}  // namespace rm::ops::cpu

using namespace rm::ops::cpu;

namespace {

void capture_and_check(const PanelShape& s, std::uint64_t seed) {
  CAPTURE(s.rows);
  CAPTURE(s.columns);
  CAPTURE(s.k);
  CAPTURE(s.bits);
  CAPTURE(s.bias);
  CAPTURE(s.bf16_out);
  CAPTURE(seed);
  const PanelCase c(s, seed);
  bool outside = false;
  CHECK(c.error(c.run(kAmxModel, 0, s.rows, &outside)) <= 1);
  CHECK(!outside);
  CHECK(!ModelTiles::configured());
}

TileConfig config(int rows, int bytes) {
  TileConfig c = {};
  c.palette = 1;
  for (int t = 0; t < 8; ++t) {
    c.rows[t] = static_cast<std::uint8_t>(rows);
    c.row_bytes[t] = static_cast<std::uint16_t>(bytes);
  }
  return c;
}

// sum + the product of one row of pairs of bf16 and one column of them, by the model.
float dot(const std::vector<float>& row, const std::vector<float>& column, float sum) {
  TileConfig c = {};
  c.palette = 1;
  const auto pairs = static_cast<std::uint8_t>(row.size() / 2);
  c.rows[0] = c.rows[1] = 1;
  c.rows[2] = pairs;
  c.row_bytes[0] = c.row_bytes[2] = 4;
  c.row_bytes[1] = static_cast<std::uint16_t>(4 * pairs);
  std::vector<std::uint16_t> a, b;
  for (const float x : row) a.push_back(PanelCase::bf16(x));
  for (const float x : column) b.push_back(PanelCase::bf16(x));
  ModelTiles::configure(c);
  ModelTiles::load(0, &sum, 4);
  ModelTiles::load(1, a.data(), 64);
  ModelTiles::load(2, b.data(), 4);
  ModelTiles::dot_bf16(0, 1, 2);
  ModelTiles::store(0, &sum, 4);
  ModelTiles::release();
  return sum;
}

}  // namespace

TEST_CASE("AMX panels are the sums that the layouts describe, for every number of rows") {
  for (const int bits : {16, 8, 6, 4})
    for (std::int64_t rows = 1; rows <= 33; ++rows) capture_and_check({rows, kPanel, 96, bits, true, false}, 1);
  for (const std::int64_t columns : {1, 3, 4, 15, 16, 17, 31, 33, 63})
    for (const int bits : {16, 8, 6, 4}) capture_and_check({5, columns, 64, bits, true, columns % 2 == 0}, 2);
  for (const std::int64_t k : {2, 4, 30, 34, 62, 66, 1022, 1024, 1026, 1056, 2050})
    capture_and_check({19, kPanel, k, 16, false, false}, 3);
  for (const std::int64_t k : {32, 224, 256, 288, 512, 544})
    for (const int bits : {8, 6, 4}) capture_and_check({19, kPanel, k, bits, false, false}, 4);
}

TEST_CASE("AMX panels are those sums for random shapes") {
  std::mt19937_64 random(5);
  const auto from_to = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  for (int i = 0; i < 150; ++i) {
    PanelShape s;
    s.rows = from_to(1, 70);
    s.columns = from_to(1, kPanel);
    s.bits = std::vector<int>{16, 8, 6, 4}[static_cast<std::size_t>(from_to(0, 3))];
    s.k = s.bits == 16 ? 2 * from_to(1, 300) : 32 * from_to(1, 20);
    s.bias = from_to(0, 1) == 1;
    s.bf16_out = from_to(0, 1) == 1;
    capture_and_check(s, static_cast<std::uint64_t>(i));
  }
}

TEST_CASE("an AMX row has the same bits alone, among others and at any place") {
  for (const PanelShape& s : {PanelShape{70, kPanel, 98, 16, true, false}, PanelShape{70, kPanel, 288, 8, true, false},
                              PanelShape{70, 41, 288, 4, false, false}}) {
    CAPTURE(s.bits);
    const PanelCase c(s, 6);
    bool outside = false;
    const std::vector<std::uint32_t> all = c.run(kAmxModel, 0, s.rows, &outside);
    std::vector<std::int64_t> counts;
    for (std::int64_t n = 1; n <= 33; ++n) counts.push_back(n);
    counts.insert(counts.end(), {48, 49, 63, 64, 65});
    for (const std::int64_t n : counts) {
      CAPTURE(n);
      for (const std::int64_t first : {std::int64_t{0}, (s.rows - n) / 2, s.rows - n}) {
        const auto part = c.run(kAmxModel, first, n, &outside);
        CHECK(std::equal(part.begin(), part.end(), all.begin() + first * s.columns));
      }
    }
  }
}

TEST_CASE("an activation that is not finite spoils its row on AMX, and no other") {
  for (const int bits : {16, 8, 6, 4}) {
    CAPTURE(bits);
    for (const float bad : {INFINITY, -INFINITY, NAN}) {
      PanelCase c({20, kPanel, 64, bits, true, false}, 7);
      c.x[static_cast<std::size_t>(c.x.size() / 20 * 17 + 63)] =
          static_cast<std::uint16_t>(std::isnan(bad) ? 0x7fc0 : PanelCase::bf16(bad));
      bool outside = false;
      const auto y = c.run(kAmxModel, 0, 20, &outside);
      for (std::size_t i = 0; i < y.size(); ++i) {
        float v = 0;
        std::memcpy(&v, &y[i], 4);
        CHECK(std::isfinite(v) == (i / kPanel != 17));
      }
    }
  }
}

TEST_CASE("the model adds as the manual says: even and odd places apart, rounded to nearest even, denormals as 0") {
  CHECK(dot({2, 3}, {5, 7}, 1) == 32);
  CHECK(dot({0x1p24f, 1, 0, 1}, {1, 1, 1, 1}, 0) == 0x1p24f + 2);  // in turn, each 1 would be lost
  CHECK(dot({1, 0}, {1, 0}, 0x1p24f) == 0x1p24f);                  // halfway: to the even one
  CHECK(dot({3, 0}, {1, 0}, 0x1p24f) == 0x1p24f + 4);
  CHECK(dot({0x1p-130f, 0}, {0x1p100f, 0}, 0) == 0);  // a denormal input
  CHECK(dot({0x1p-70f, 0}, {0x1p-70f, 0}, 1) == 1);
  CHECK(dot({0x1p-64f, 0}, {0x1p-64f, 0}, 0) == 0);                                        // a denormal result
  CHECK(dot({0x1.8p-64f, 0, 0x1p-63f, 0}, {0x1p-63f, 0, 0x1p-63f, 0}, 0) == 0x1p-126f);    // the first sum
  CHECK(dot({0x1p-63f, 0, 0x1.8p-64f, 0}, {0x1p-63f, 0, 0x1p-63f, 0}, 0) == 0x1.cp-126f);  // but no product alone
  CHECK(dot({0, 0}, {0, 0}, 0x1p-130f) == 0);                                              // a denormal sum
  CHECK(dot({0x1p127f, 0}, {2, 0}, 0) == INFINITY);
  CHECK(std::isnan(dot({INFINITY, 0}, {0, 0}, 0)));
}

TEST_CASE("the model refuses what the processor refuses") {
  ModelTiles::release();
  CHECK_THROWS_AS(ModelTiles::zero(0), TileFault);
  const auto refused = [](auto change) {
    TileConfig c = config(16, 64);
    change(c);
    CHECK_THROWS_AS(ModelTiles::configure(c), TileFault);
  };
  refused([](TileConfig& c) { c.palette = 2; });
  refused([](TileConfig& c) { c.reserved[13] = 1; });
  refused([](TileConfig& c) { c.rows[0] = 17; });
  refused([](TileConfig& c) { c.row_bytes[7] = 65; });
  refused([](TileConfig& c) { c.rows[3] = 0; });
  refused([](TileConfig& c) { c.row_bytes[3] = 0; });
  refused([](TileConfig& c) { c.rows[8] = 1; });
  refused([](TileConfig& c) { c.row_bytes[15] = 64; });

  ModelTiles::configure(config(16, 64));
  volatile int beyond = 8;  // unknown to the compiler, which warns of what it sees
  CHECK_THROWS_AS(ModelTiles::zero(beyond), TileFault);
  CHECK_THROWS_AS(ModelTiles::dot_bf16(0, 0, 1), TileFault);
  CHECK_THROWS_AS(ModelTiles::dot_bf16(0, 1, 1), TileFault);
  CHECK_NOTHROW(ModelTiles::dot_bf16(0, 1, 2));
  TileConfig c = config(16, 64);
  c.rows[1] = 3;        // of activations: the sums have 16
  c.row_bytes[2] = 60;  // of weights: the sums have 64
  c.rows[3] = 15;       // of weights: 16 pairs of activations
  c.rows[4] = c.row_bytes[4] = 0;
  ModelTiles::configure(c);
  CHECK_THROWS_AS(ModelTiles::dot_bf16(0, 1, 5), TileFault);
  CHECK_THROWS_AS(ModelTiles::dot_bf16(0, 5, 2), TileFault);
  CHECK_THROWS_AS(ModelTiles::dot_bf16(0, 5, 3), TileFault);
  CHECK_THROWS_AS(ModelTiles::dot_bf16(0, 5, 4), TileFault);
  CHECK_NOTHROW(ModelTiles::dot_bf16(0, 5, 6));
  ModelTiles::release();
  CHECK_THROWS_AS(ModelTiles::dot_bf16(0, 5, 6), TileFault);
}

TEST_CASE("the model loads and stores rows of a tile's shape and no others") {
  ModelTiles::configure(config(3, 8));
  std::vector<std::uint32_t> from(16), to(16, 9);
  for (std::uint32_t i = 0; i < 16; ++i) from[i] = i + 100;
  ModelTiles::load(0, from.data(), 16);
  ModelTiles::store(0, to.data(), 20);
  CHECK(to == std::vector<std::uint32_t>{100, 101, 9, 9, 9, 104, 105, 9, 9, 9, 108, 109, 9, 9, 9, 9});
  ModelTiles::zero(0);
  ModelTiles::store(0, to.data(), 8);
  CHECK(to == std::vector<std::uint32_t>{0, 0, 0, 0, 0, 0, 105, 9, 9, 9, 108, 109, 9, 9, 9, 9});
  ModelTiles::release();
}
