#include "lib/engine/draft.h"

#include <algorithm>
#include <cmath>

namespace rm::engine {
namespace {

constexpr double kDoubt = 4;     // guesses that the first opinion of a match's odds weighs
constexpr double kMemory = 200;  // guesses after which older ones count half
// A step of a 1.5B model of 4 bits on two cores took 38 ms and 5 for each row: so many rows cost what the weights cost.
constexpr double kRowsOfStep = 8;

}  // namespace

Repeat last_repeat(std::span<const Token> history, int longest) {
  Repeat best;
  if (history.size() < 2) return best;
  const Token last = history.back();
  const std::size_t end = history.size() - 1;  // the last token itself is no earlier occurrence
  for (std::size_t i = end; i-- > 0;) {
    if (history[i] != last) continue;
    int n = 1;
    while (n < longest && static_cast<std::size_t>(n) <= i &&
           history[i - static_cast<std::size_t>(n)] == history[end - static_cast<std::size_t>(n)])
      ++n;
    if (n > best.length) best = {n, i + 1};
    if (n == longest) break;
  }
  return best;
}

double Drafter::odds(int match) const {
  const Record& r = records_[static_cast<std::size_t>(std::clamp(match, 0, kLongest))];
  const double first = match / (match + 2.0);
  return (r.right + kDoubt * first) / (r.tried + kDoubt);
}

Draft Drafter::guess(std::span<const Token> history, int replies, std::int64_t room) const {
  const double price = replies / (replies + kRowsOfStep);  // of one more row, in steps for each reply
  if (most_ <= 0 || room <= 0) return {};
  const Repeat r = last_repeat(history, kLongest);
  const double p = odds(r.length);
  if (r.length == 0 || p <= price) return {};
  const double worth = p < 1 ? std::log(price) / std::log(p) : most_;
  const auto length =
      static_cast<std::size_t>(std::min({static_cast<double>(most_), static_cast<double>(room), worth}));
  Draft d;
  d.match = r.length;
  // A repeat that runs into the end goes on with its own guess: "ha ha" is followed by "ha".
  for (std::size_t i = 0; i < length; ++i) {
    const std::size_t at = r.after + i;
    d.tokens.push_back(at < history.size() ? history[at] : d.tokens[at - history.size()]);
  }
  return d;
}

void Drafter::learn(int match, std::int64_t drafted, std::int64_t accepted) {
  Record& r = records_[static_cast<std::size_t>(std::clamp(match, 0, kLongest))];
  if (r.tried > kMemory) {
    r.tried /= 2;
    r.right /= 2;
  }
  r.tried += static_cast<double>(accepted + (accepted < drafted));
  r.right += static_cast<double>(accepted);
}

}  // namespace rm::engine
