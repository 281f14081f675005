#include "lib/base/checked.h"

#include <doctest/doctest.h>

#include <array>

TEST_CASE("checked arithmetic is exact or empty") {
  constexpr std::uint64_t kMax = ~std::uint64_t{0};
  CHECK(rm::checked_add<std::uint64_t>(kMax - 1, 1) == kMax);
  CHECK_FALSE(rm::checked_add<std::uint64_t>(kMax, 1));
  CHECK_FALSE(rm::checked_sub<std::uint64_t>(0, 1));
  CHECK(rm::checked_mul<std::uint64_t>(1u << 31, 1u << 31) == std::uint64_t{1} << 62);
  CHECK_FALSE(rm::checked_mul<std::uint64_t>(std::uint64_t{1} << 32, std::uint64_t{1} << 32));
  CHECK(rm::narrow<std::int32_t>(std::uint64_t{2147483647}) == 2147483647);
  CHECK_FALSE(rm::narrow<std::int32_t>(std::uint64_t{2147483648u}));
  CHECK_FALSE(rm::narrow<std::uint32_t>(std::int64_t{-1}));
}

TEST_CASE("a product that wraps to zero is refused, a true zero is not") {
  using Factors = std::array<std::uint64_t, 3>;
  CHECK(rm::checked_product(Factors{2, 3, 4}) == 24);
  CHECK(rm::checked_product(Factors{5, 0, 4}) == 0);
  CHECK_FALSE(rm::checked_product(Factors{std::uint64_t{1} << 32, std::uint64_t{1} << 32, 1}));
  CHECK_FALSE(rm::checked_product(Factors{std::uint64_t{1} << 32, std::uint64_t{1} << 32, 0}));
  CHECK(rm::checked_product({}) == 1);
}

TEST_CASE("a cursor reads little-endian and refuses what is not there") {
  const std::array<unsigned char, 14> raw{1, 0, 0, 0, 2, 0, 'a', 'b', 0, 0, 0x80, 0x3F, 9, 9};
  rm::Cursor c(std::as_bytes(std::span(raw)), "x.gguf", rm::Exit::kModel, 100);
  CHECK(*c.read<std::uint32_t>("count") == 1);
  CHECK(*c.read<std::uint16_t>("length") == 2);
  CHECK(*c.take_text(2, "key") == "ab");
  CHECK(*c.read<float>("theta") == 1.0f);
  CHECK(c.left() == 2);
  const auto r = c.read<std::uint64_t>("offset");
  REQUIRE_FALSE(r.ok());
  CHECK(r.error().reason == "truncated");
  CHECK(r.error().exit == rm::Exit::kModel);
  CHECK(r.error().where == "x.gguf: byte 112");
  CHECK(c.left() == 2);
  CHECK_FALSE(c.take(~std::uint64_t{0}, "data").ok());
  CHECK_FALSE(c.skip(3, "pad").ok());
  CHECK_FALSE(c.seek(15, "start").ok());
  CHECK(c.seek(14, "start").ok());
  CHECK(c.at_end());
}
