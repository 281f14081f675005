#include "lib/text/bpe.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/lib/text/tiny_vocab.h"

using namespace rm;
using namespace rm::text;

namespace {

using Ids = std::vector<std::int32_t>;

// Merges two-letter words over a, b, c in an order drawn by `seed`, so that ranks do not follow lengths.
Vocab shuffled_vocab(unsigned seed) {
  Vocab v;
  for (unsigned b = 0; b < 256; ++b) v.tokens.push_back(mapped_byte(b));
  std::vector<std::string> words = {"a", "b", "c"};
  auto draw = [&](std::size_t n) { return (seed = seed * 1664525 + 1013904223) / 65536 % n; };
  while (words.size() < 60) {
    const std::string left = words[draw(words.size())], right = words[draw(words.size())];
    const std::string word = left + right, merge = left + " " + right;
    if (word.size() > 9 || std::find(v.merges.begin(), v.merges.end(), merge) != v.merges.end()) continue;
    if (std::find(words.begin(), words.end(), word) == words.end()) {
      words.push_back(word);
      v.tokens.push_back(word);
    }
    v.merges.insert(v.merges.begin() + static_cast<std::ptrdiff_t>(draw(v.merges.size() + 1)), merge);
  }
  return v;
}

// The definition: join the leftmost pair of lowest rank until there is none.
Ids merge_by_definition(const Vocab& v, const Bpe& bpe, const std::string& piece) {
  std::vector<std::string> parts;
  for (const char c : piece) parts.push_back(mapped_byte(static_cast<unsigned char>(c)));
  for (;;) {
    std::size_t best = v.merges.size(), at = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto found = std::find(v.merges.begin(), v.merges.end(), parts[i] + " " + parts[i + 1]);
      const auto rank = static_cast<std::size_t>(found - v.merges.begin());
      if (rank < best) best = rank, at = i;
    }
    if (best == v.merges.size()) break;
    parts[at] += parts[at + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
  Ids ids;
  std::string bytes;
  for (const std::string& p : parts) {
    REQUIRE(unmap_bytes(p, bytes));
    ids.push_back(bpe.find(bytes).value());
  }
  return ids;
}

// Merges that put characters of two and three bytes together and join them, and some that reach across their edges
// with a part of one: " \xE4" as GPT-2 has it, or "\xAD\xE4". The first `orderly` come as training would find them, the
// others anywhere, so that a character may be used before it can be made.
Vocab character_vocab(unsigned seed, std::size_t orderly) {
  Vocab v;
  for (unsigned b = 0; b < 256; ++b) v.tokens.push_back(mapped_byte(b));
  auto draw = [&](std::size_t n) { return (seed = seed * 1664525 + 1013904223) / 65536 % n; };
  std::vector<std::string> words;
  for (const unsigned b : {0x20U, 0xC3U, 0xA9U, 0xE4U, 0xB8U, 0xADU, 0xAEU}) words.push_back(mapped_byte(b));
  auto add = [&](const std::string& left, const std::string& right, std::size_t rank) {
    const std::string word = left + right, merge = left + " " + right;
    if (std::find(v.merges.begin(), v.merges.end(), merge) != v.merges.end()) return;
    if (std::find(words.begin(), words.end(), word) == words.end()) {
      words.push_back(word);
      v.tokens.push_back(word);
    }
    v.merges.insert(v.merges.begin() + static_cast<std::ptrdiff_t>(rank), merge);
  };
  add(words[3], words[4], 0);                    // E4 B8
  add(words[7], words[5], 1);                    // U+4E2D
  if (draw(2) == 0) add(words[1], words[2], 2);  // U+00E9
  if (draw(2) == 0) add(words[7], words[6], 2);  // U+4E2E
  while (words.size() < 40) {
    const std::string left = words[draw(words.size())], right = words[draw(words.size())];
    if (left.size() + right.size() > 24) continue;
    add(left, right, v.merges.size() < orderly ? v.merges.size() : draw(v.merges.size() + 1));
  }
  return v;
}

}  // namespace

TEST_CASE("merging takes the lowest rank first and the leftmost of equals") {
  const Vocab v = tiny_vocab();
  const auto bpe = Bpe::make(v, std::vector<bool>(v.tokens.size() + v.added.size(), false));
  REQUIRE(bpe.ok());
  struct Row {
    const char* piece;
    std::vector<const char*> tokens;
  };
  for (const Row& r : {Row{" hello", {" hello"}}, Row{"hellohell", {"hello", "hell"}}, Row{"lll", {"ll", "l"}},
                       Row{"AAAAAAA", {"AAAA", "AA", "A"}}, Row{"", {}}}) {
    CAPTURE(std::string(r.piece));
    Ids want, got;
    for (const char* t : r.tokens) want.push_back(bpe->find(t).value());
    bpe->encode(r.piece, got);
    CHECK(got == want);
  }
}

TEST_CASE("all three ways to merge agree with the definition, whatever the order of ranks") {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    const Vocab v = shuffled_vocab(seed);
    const auto bpe = Bpe::make(v, std::vector<bool>(v.tokens.size(), false));
    REQUIRE(bpe.ok());
    unsigned state = seed;
    for (int round = 0; round < 60; ++round) {
      std::string piece;
      for (int i = 0; i < 3 + round; ++i)
        piece += "abc"[(state = state * 1664525 + 1013904223) / 65536 % (seed % 3 + 1)];
      CAPTURE(piece);
      const Ids want = merge_by_definition(v, *bpe, piece);
      for (const auto method : {Bpe::Method::kScan, Bpe::Method::kHeap, Bpe::Method::kBuckets}) {
        Ids got;
        bpe->merge(piece, method, got);
        REQUIRE(got == want);
      }
      Ids got;
      bpe->encode(piece, got);
      CHECK(got == want);
    }
  }
}

TEST_CASE("starting from whole characters changes nothing, whatever reaches across their edges") {
  const std::vector<std::string> units = {"中", "中", "丮", "é", " ", "\xE4", "\xAD", "\xB8\xAD", "\xE4\xB8", "x"};
  for (unsigned seed = 1; seed <= 60; ++seed) {
    const Vocab v = character_vocab(seed, seed % 3 == 0 ? 0 : 8 * (seed % 3));
    const auto bpe = Bpe::make(v, std::vector<bool>(v.tokens.size(), false));
    REQUIRE(bpe.ok());
    unsigned state = seed;
    auto draw = [&](std::size_t n) { return (state = state * 1664525 + 1013904223) / 65536 % n; };
    for (int round = 0; round < 40; ++round) {
      std::string piece;
      const std::size_t kinds = round % 2 == 0 ? 5 : units.size();
      for (std::size_t i = draw(16) + 1; i > 0; --i) piece += units[draw(kinds)];
      CAPTURE(seed);
      CAPTURE(piece);
      const Ids want = merge_by_definition(v, *bpe, piece);
      for (const auto method : {Bpe::Method::kScan, Bpe::Method::kHeap, Bpe::Method::kBuckets}) {
        Ids got;
        bpe->merge(piece, method, got);
        REQUIRE(got == want);
      }
    }
  }
}

TEST_CASE("a character that is used before it can be made does not start whole") {
  Vocab v;
  for (unsigned b = 0; b < 256; ++b) v.tokens.push_back(mapped_byte(b));
  const std::string e4 = mapped_byte(0xE4), b8 = mapped_byte(0xB8), ad = mapped_byte(0xAD);
  for (const auto& [left, right] : {std::pair{e4 + b8 + ad, std::string("a")}, {e4, b8}, {"a", "b"}, {e4 + b8, ad}}) {
    v.merges.push_back(left + " " + right);
    v.tokens.push_back(left + right);
  }
  const auto bpe = Bpe::make(v, std::vector<bool>(v.tokens.size(), false));
  REQUIRE(bpe.ok());
  Ids got;
  bpe->encode("中ab", got);
  CHECK(got == Ids{bpe->find("中").value(), bpe->find("ab").value()});
  CHECK(got == merge_by_definition(v, *bpe, "中ab"));
}

TEST_CASE("a byte that may be missing is left out and its neighbours meet") {
  Vocab v = tiny_vocab();
  v.tokens[1] = "unused-1";  // U+0001
  const auto bpe = Bpe::make(v, std::vector<bool>(v.tokens.size() + v.added.size(), false));
  REQUIRE(bpe.ok());
  Ids got;
  bpe->encode("he\1ll", got);
  CHECK(got == Ids{bpe->find("hell").value()});
}

TEST_CASE("GPT-2's byte mapping is read backwards") {
  std::string bytes;
  for (unsigned b = 0; b < 256; ++b) {
    REQUIRE(unmap_bytes(mapped_byte(b), bytes));
    CHECK(bytes == std::string(1, static_cast<char>(b)));
  }
  CHECK(unmap_bytes("Ġhello", bytes));
  CHECK(bytes == " hello");
  CHECK_FALSE(unmap_bytes("a b", bytes));
  CHECK_FALSE(unmap_bytes("｜", bytes));
}
