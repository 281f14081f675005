// What the split rules and the normaliser ask about a code point.
//
// The facts are those of Hugging Face's `tokenizers`, which carries three Unicode versions at once (one for \p{L} \p{N}
// \s, one for single digits, one for NFC): a system library of any one version cannot agree with it. The generated
// tables come from goldens/unicode_tables.py. Immutable after first use; safe from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rm::text {

// Bits of a code point's class. Bytes that are not UTF-8 have none of them.
inline constexpr std::uint8_t kLetter = 1;      // \p{L}
inline constexpr std::uint8_t kNumber = 2;      // \p{N}
inline constexpr std::uint8_t kSpace = 4;       // \s
inline constexpr std::uint8_t kDigit = 8;       // numeric for the single-digit split
inline constexpr std::uint8_t kMayChange = 16;  // NFC may change it, or join it to what stands before
inline constexpr std::uint8_t kWide = 32;       // of a byte: it is no ASCII, decode it

class CharClasses {
 public:
  static const CharClasses& get();
  std::uint8_t of(char32_t code) const { return code < kDirect ? direct_[code] : search(code); }
  // The class of an ASCII character; kWide alone for any other byte.
  std::uint8_t of_byte(char c) const { return bytes_[static_cast<unsigned char>(c)]; }

 private:
  CharClasses();
  std::uint8_t search(char32_t code) const;
  static constexpr std::size_t kDirect = 0x20000;  // planes 0 and 1: all living scripts and emoji
  std::array<std::uint8_t, 256> bytes_;
  std::array<std::uint8_t, kDirect> direct_;
};

// Unicode Normalization Form C (UAX #15). Broken bytes pass through and end a combining sequence.
// False: the text is in NFC already and `out` was not touched. Linear but for sorting long runs of marks, by counting.
bool to_nfc(std::string_view text, std::string& out);

}  // namespace rm::text
