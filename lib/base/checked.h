// Arithmetic and reads that cannot wrap, overrun or lie: the only way this project reads a binary file.
//
// A Cursor walks borrowed bytes, little-endian, and refuses every step past the end; after a refusal it stands where it
// stood. Sizes from files stay std::uint64_t and go through the checked operations. Nothing here allocates; a length is
// proven against the bytes that are there before anything is made of it. Pure values, any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "lib/base/result.h"

namespace rm {

static_assert(std::endian::native == std::endian::little, "files are little-endian and read as they lie");

// Empty where the exact result does not fit.
template <class T>
constexpr std::optional<T> checked_add(T a, T b) {
  T r{};
  if (__builtin_add_overflow(a, b, &r)) return std::nullopt;
  return r;
}
template <class T>
constexpr std::optional<T> checked_sub(T a, T b) {
  T r{};
  if (__builtin_sub_overflow(a, b, &r)) return std::nullopt;
  return r;
}
template <class T>
constexpr std::optional<T> checked_mul(T a, T b) {
  T r{};
  if (__builtin_mul_overflow(a, b, &r)) return std::nullopt;
  return r;
}
// The product of all, 1 for none. A zero factor does not hide an overflow of the others.
inline std::optional<std::uint64_t> checked_product(std::span<const std::uint64_t> factors) {
  std::uint64_t product = 1;
  bool zero = false;
  for (const std::uint64_t f : factors) {
    if (f == 0) {
      zero = true;
      continue;
    }
    const auto next = checked_mul(product, f);
    if (!next) return std::nullopt;
    product = *next;
  }
  return zero ? 0 : product;
}
template <class To, class From>
constexpr std::optional<To> narrow(From v) {
  To r{};
  if (__builtin_add_overflow(v, From{0}, &r)) return std::nullopt;
  return r;
}

class Cursor {
 public:
  // `what` names the file or region in messages; `exit` is what a refusal leads to. `base` is the offset of the first byte
  // in the file, for messages. The bytes and `what` must outlive the cursor.
  explicit Cursor(std::span<const std::byte> bytes, std::string_view what = "", Exit exit = Exit::kModel,
                  std::uint64_t base = 0)
      : bytes_(bytes), what_(what), exit_(exit), base_(base) {}

  std::uint64_t position() const { return at_; }
  std::uint64_t left() const { return bytes_.size() - at_; }
  bool at_end() const { return left() == 0; }

  // An integer, float or double as it lies. Reason "truncated" when fewer bytes are left.
  template <class T>
  Result<T> read(std::string_view field) {
    static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>);
    if (left() < sizeof(T)) return short_of(field, sizeof(T));
    T v;
    std::memcpy(&v, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return v;
  }
  // The next n bytes, borrowed.
  Result<std::span<const std::byte>> take(std::uint64_t n, std::string_view field) {
    if (left() < n) return short_of(field, n);
    const auto out = bytes_.subspan(at_, n);
    at_ += n;
    return out;
  }
  Result<std::string_view> take_text(std::uint64_t n, std::string_view field) {
    auto b = take(n, field);
    if (!b) return b.error();
    return std::string_view(reinterpret_cast<const char*>(b->data()), b->size());
  }
  Result<void> skip(std::uint64_t n, std::string_view field) {
    if (left() < n) return short_of(field, n);
    at_ += n;
    return {};
  }
  Result<void> seek(std::uint64_t position, std::string_view field) {
    if (position > bytes_.size()) return short_of(field, position - at_);
    at_ = position;
    return {};
  }
  // An Error at the cursor's place, for fields that were read but make no sense.
  Error error(std::string reason, std::string message) const {
    return make_error(exit_, std::move(reason), std::move(message),
                      std::string(what_) + ": byte " + std::to_string(base_ + at_));
  }

 private:
  Error short_of(std::string_view field, std::uint64_t n) const {
    return error("truncated", std::string(field) + " needs " + std::to_string(n) + " bytes, " + std::to_string(left()) +
                                  " are left: the file is cut or its lengths are wrong");
  }
  std::span<const std::byte> bytes_;
  std::uint64_t at_ = 0;
  std::string_view what_;
  Exit exit_;
  std::uint64_t base_;
};

}  // namespace rm
