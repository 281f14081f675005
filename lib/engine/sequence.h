// One sequence on its way through the engine: what was asked, what is known, how far the cache reaches.
//
// Owned by the engine, moved between waiting and running by the scheduler. Plain data. Positions count from the first
// token of the prompt; the token at position p is predicted by the logits of position p - 1.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/engine/pages.h"
#include "lib/generate/token_engine.h"

namespace rm::engine {

struct Sequence {
  generate::TokenRequest request;
  std::vector<Token> tokens;  // the prompt, then the forced reply, or the reply so far
  std::int64_t prompt = 0;    // tokens of the prompt
  std::int64_t limit = 0;     // at this many tokens the reply ends with kLength
  std::int64_t computed = 0;  // positions whose keys and values lie in `pages`
  std::int64_t emitted = 0;   // tokens of the reply handed out
  std::vector<Page> pages;
  std::int64_t published = 0;  // pages other sequences can find
  PagePool::History history = 0;
  std::uint64_t serial = 0;  // order of submission
  std::uint64_t turn = 0;    // when it last had a row in a decode group
  // Of the step that is planned: the last token and the guesses after it, and what they were guessed from (Draft::match).
  std::vector<Token> guessed;
  int match = 0;

  bool forced() const { return !request.forced.empty(); }
  // Positions to compute before more is known. The last forced token is only compared, never computed.
  std::int64_t target() const { return static_cast<std::int64_t>(tokens.size()) - (forced() ? 1 : 0); }
  std::int64_t pending() const { return target() - computed; }
  // The first position whose logits are still wanted.
  std::int64_t first_logit() const { return prompt - 1 + emitted; }
};

}  // namespace rm::engine
