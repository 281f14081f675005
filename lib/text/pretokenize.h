// Cuts text into the pieces that byte-pair merging may not cross.
//
// Hand-written scanners for the four published patterns (see vocab.h), equal to the regular expressions piece for
// piece, in one pass with no backtracking, recursion or allocation. Bytes that are not UTF-8 count as symbols. Pieces
// are views into the text and joined give it back. One cursor per thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "lib/text/unicode.h"
#include "lib/text/vocab.h"

namespace rm::text {

class Pieces {
 public:
  Pieces(Split split, std::string_view text)
      : split_(split), text_(text), end_(split == Split::kSmolLm ? 0 : text.size()) {}

  // The next piece; empty when the text is at its end.
  std::string_view next();

 private:
  struct Char {
    std::uint8_t bits = 0;
    std::size_t length = 0;  // 0: the end
  };
  Char at(std::size_t i) const;
  std::size_t run(std::size_t i, std::uint8_t any_of) const;  // end of the characters from i that have one of the bits
  std::size_t symbols(std::size_t i) const;                   // end of those that are no space, letter or number
  std::size_t newlines(std::size_t i) const;
  std::size_t spaces(std::size_t i, bool to_newline) const;
  std::size_t contraction(std::size_t i, bool any_case) const;  // end of 's 't 're 've 'm 'll 'd, or i
  std::size_t gpt2(std::size_t i) const;
  std::size_t modern(std::size_t i, int most_digits) const;
  void find_region();

  const CharClasses& classes_ = CharClasses::get();
  Split split_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t end_;  // where the region ends that the pattern sees: the text, or the text up to a single digit
};

}  // namespace rm::text
