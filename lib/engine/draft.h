// Guesses at the next tokens of a reply from what stands before it, so that one step can check several at once.
//
// Judges quote: a trace repeats the question, the answers and itself. Where the last tokens of a sequence occurred before, what
// followed then is the guess (prompt lookup decoding: github.com/apoorvumang/prompt-lookup-decoding). The model computes the
// guessed tokens together with the last known one; those that equal what is sampled are kept, the first other one ends the
// step. What a reply says therefore never depends on drafts, only when it is said.
//
// How far to guess is a bet: one more row of a step against a step saved. The odds are learnt, for each length of the match, from
// how earlier guesses went; the price grows with the number of replies that share the step. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "lib/engine/pages.h"

namespace rm::engine {

struct Draft {
  std::vector<Token> tokens;  // empty: no guess
  int match = 0;              // tokens before the guess that had occurred before
};

class Drafter {
 public:
  static constexpr int kLongest = 16;  // of matches that are told apart

  // most: tokens of one guess; 0: never guess.
  explicit Drafter(int most) : most_(most) {}

  // At most `room` tokens after `history`, in a step that `replies` share.
  Draft guess(std::span<const Token> history, int replies, std::int64_t room) const;
  // Of a guess of `drafted` tokens the first `accepted` were right.
  void learn(int match, std::int64_t drafted, std::int64_t accepted);

  // The share of tokens expected to be right after a match of this length.
  double odds(int match) const;

 private:
  struct Record {
    double tried = 0, right = 0;
  };
  int most_;
  std::array<Record, kLongest + 1> records_{};
};

// The longest suffix of `history`, of at most `longest` tokens, that occurs earlier in it: its length, and the place after its last
// earlier occurrence. Length 0: none.
struct Repeat {
  int length = 0;
  std::size_t after = 0;
};
Repeat last_repeat(std::span<const Token> history, int longest);

}  // namespace rm::engine
