// Tokens that write a verdict letter: "A", " A", "[[A" ... each paired with the token that differs only in the letter.
//
// Built once from a vocabulary; immutable; safe from any thread. Only tokens whose other bytes are ASCII brackets, quotes,
// stars or white space count, so a letter inside a word is never taken for a verdict.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/text/tokenizer.h"

namespace rm::generate {

// Where the letter stands in a token that is nothing but it and its allowed neighbours; empty: another token.
std::optional<std::size_t> lone_letter(std::string_view token, char letter);

class LetterTokens {
 public:
  explicit LetterTokens(const text::Tokenizer& t);

  struct Match {
    std::size_t pair;         // watch()[2 * pair] writes A, watch()[2 * pair + 1] writes B
    std::size_t letter;       // byte of the letter in the token
    std::size_t token_bytes;  // length of the token
  };
  std::optional<Match> find(text::Id id) const;      // empty: not such a token
  const text::Ids& watch() const { return watch_; }  // A and B twins in turn

 private:
  text::Ids watch_;
  std::unordered_map<text::Id, Match> match_;
};

}  // namespace rm::generate
