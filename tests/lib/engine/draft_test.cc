#include "lib/engine/draft.h"

#include <doctest/doctest.h>

#include <random>

using namespace rm::engine;

namespace {

// By the definition: for every length from the longest down, is the suffix somewhere before?
Repeat reference(const std::vector<Token>& h, int longest) {
  for (int n = std::min(longest, static_cast<int>(h.size()) - 1); n > 0; --n) {
    const auto suffix = h.end() - n;
    for (auto at = h.end() - 1 - n; at >= h.begin(); --at) {
      if (std::equal(suffix, h.end(), at))
        return {n, static_cast<std::size_t>(at - h.begin()) + static_cast<std::size_t>(n)};
      if (at == h.begin()) break;
    }
  }
  return {};
}

std::vector<Token> text(const char* s) { return {s, s + std::char_traits<char>::length(s)}; }

std::string said(const Draft& d) { return {d.tokens.begin(), d.tokens.end()}; }

}  // namespace

TEST_CASE("the longest suffix that occurred before, where it occurred last") {
  std::mt19937 rng(3);
  for (int round = 0; round < 20000; ++round) {
    std::vector<Token> h(rng() % 40);
    for (Token& t : h) t = static_cast<Token>(rng() % (1 + round % 5));
    const int longest = 1 + static_cast<int>(rng() % 16);
    const Repeat got = last_repeat(h, longest), want = reference(h, longest);
    REQUIRE(got.length == want.length);
    if (want.length > 0) REQUIRE(got.after == want.after);
  }
}

TEST_CASE("a guess goes on as the text went on before") {
  Drafter d(8);
  CHECK(said(d.guess(text("the answer is green; the answer is"), 1, 100)) == " green; ");
  CHECK(said(d.guess(text("the answer is green; the answer is"), 1, 3)) == " gr");
  CHECK(said(d.guess(text("nothing twice"), 1, 100)).size() < 8);
  CHECK(d.guess(text("abc"), 1, 100).tokens.empty());
  CHECK(d.guess({}, 1, 100).tokens.empty());
  CHECK(d.guess(text("the answer is green; the answer is"), 1, 0).tokens.empty());
  CHECK(Drafter(0).guess(text("the answer is green; the answer is"), 1, 100).tokens.empty());
}

TEST_CASE("a repeat that runs into the end repeats itself") {
  CHECK(said(Drafter(10).guess(text("so hahahahahahahahahahaha"), 1, 100)) == "hahahahaha");
}

TEST_CASE("guesses grow shorter as more replies share a step, and stop") {
  const auto h = text("the answer is green; the answer is");
  const Drafter d(16);
  std::size_t before = 17;
  for (const int replies : {1, 2, 4, 8, 16, 32}) {
    const std::size_t n = d.guess(h, replies, 100).tokens.size();
    CHECK(n <= before);
    before = n;
  }
  CHECK(d.guess(h, 1, 100).tokens.size() > 8);
  CHECK(d.guess(h, 64, 100).tokens.empty());
}

TEST_CASE("guesses that go wrong are no longer made, and come back when they go right") {
  const auto h = text("the answer is green; the answer is");
  Drafter d(16);
  const int match = d.guess(h, 4, 100).match;
  CHECK(match == 13);
  for (int i = 0; i < 100; ++i) d.learn(match, 4, 0);
  CHECK(d.guess(h, 4, 100).tokens.empty());
  CHECK(d.odds(match) < 0.1);
  CHECK(d.odds(match - 1) > 0.8);  // other lengths are another matter
  for (int i = 0; i < 400; ++i) d.learn(match, 4, 4);
  CHECK(d.odds(match) > 0.9);
  CHECK(d.guess(h, 4, 100).tokens.size() > 4);
}
