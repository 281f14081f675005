#include "lib/text/piece_cache.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "lib/text/tokenizer.h"
#include "tests/lib/text/tiny_vocab.h"

using namespace rm;
using namespace rm::text;

namespace {

using List = std::vector<std::int32_t>;

struct Asked {
  bool known;
  List ids;
};

Asked ask(PieceCache& cache, std::uint32_t owner, std::string_view text, std::size_t length) {
  Asked a;
  a.known = cache.append(owner, text.substr(0, length), text.data() + text.size(), a.ids);
  return a;
}

}  // namespace

TEST_CASE("a piece of any length comes back, at the end of a text or before more of it, and to its owner alone") {
  PieceCache& cache = PieceCache::of_this_thread();
  const std::uint32_t owner = PieceCache::new_owner(), other = PieceCache::new_owner();
  for (std::size_t length = 1; length <= PieceCache::kLongest; ++length) {
    CAPTURE(length);
    const std::string alone(length, 'x');  // on the heap: a read past its end would be seen
    const std::string followed = alone + std::string(40, 'y');
    CHECK_FALSE(ask(cache, owner, followed, length).known);
    const List ids = {static_cast<std::int32_t>(length), 7};
    cache.keep(ids, 0);
    for (const std::string& text : {alone, followed}) {
      const Asked a = ask(cache, owner, text, length);
      CHECK(a.known);
      CHECK(a.ids == ids);
    }
    CHECK_FALSE(ask(cache, other, followed, length).known);
    CHECK(ask(cache, owner, followed, length).known);  // asking for another's is no reason to forget
  }
}

TEST_CASE("a piece differs from one with zeros after it, and from one of which a byte differs") {
  PieceCache& cache = PieceCache::of_this_thread();
  const std::uint32_t owner = PieceCache::new_owner();
  const std::string text(PieceCache::kLongest, '\0');
  for (std::size_t length = 1; length <= text.size(); ++length) {
    CHECK_FALSE(ask(cache, owner, text, length).known);
    cache.keep({static_cast<std::int32_t>(length)}, 0);
    for (std::size_t i = 0; i < length; ++i) {
      std::string changed = text;
      changed[i] = '\x80';
      CHECK_FALSE(ask(cache, owner, changed, length).known);
    }
  }
}

TEST_CASE("too many ids are not kept, no ids are, and what stood before them in the list is left alone") {
  PieceCache& cache = PieceCache::of_this_thread();
  const std::uint32_t owner = PieceCache::new_owner();
  CHECK_FALSE(ask(cache, owner, "many", 4).known);
  cache.keep(List(PieceCache::kMostIds + 1, 5), 0);
  CHECK_FALSE(ask(cache, owner, "many", 4).known);
  cache.keep(List(PieceCache::kMostIds + 1, 5), 1);
  CHECK(ask(cache, owner, "many", 4).ids == List(PieceCache::kMostIds, 5));
  CHECK_FALSE(ask(cache, owner, "none", 4).known);
  cache.keep({1, 2}, 2);
  List out = {9};
  const std::string_view none = "none";
  CHECK(cache.append(owner, none, none.data() + none.size(), out));
  CHECK(out == List{9});
}

TEST_CASE("tokenizers that share a thread, and far more words than are kept, get the ids of a fresh thread") {
  Vocab plain = tiny_vocab();
  plain.merges.clear();
  const auto one = Tokenizer::make(tiny_vocab()), two = Tokenizer::make(plain);
  REQUIRE(one.ok());
  REQUIRE(two.ok());
  std::string text;
  unsigned state = 3;
  for (int i = 0; i < 60000; ++i) {
    state = state * 1664525 + 1013904223;
    text += state % 3 == 0 ? " hello" : " h" + std::to_string(state % 20000) + "Aell";
  }
  for (const Tokenizer* t : {&*one, &*two, &*one, &*two}) {
    Ids here, fresh;
    t->encode_text(text, here);
    std::thread([&] { t->encode_text(text, fresh); }).join();
    CHECK(here == fresh);
    const auto back = t->decode(here);
    REQUIRE(back.ok());
    CHECK(*back == text);
  }
  Ids a, b;
  one->encode_text(" hello", a);
  two->encode_text(" hello", b);
  CHECK(a.size() == 1);
  CHECK(b.size() == 6);
}
