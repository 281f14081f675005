#include "lib/distill/contamination.h"

#include <doctest/doctest.h>

#include "lib/distill/hash_set.h"
#include "lib/distill/words.h"

using namespace rm;
using namespace rm::distill;

namespace {

std::size_t count_words(std::string_view text) {
  std::vector<std::uint64_t> out;
  append_words(out, text);
  return out.size();
}

bool same_words(std::string_view a, std::string_view b) {
  std::vector<std::uint64_t> x, y;
  append_words(x, a);
  append_words(y, b);
  return x == y;
}

std::vector<text::Message> asks(std::string text) { return {{"user", std::move(text)}}; }

}  // namespace

TEST_CASE("words do not depend on case, spacing and punctuation") {
  CHECK(count_words("") == 0);
  CHECK(count_words(" -- ... \n") == 0);
  CHECK(count_words("Don't stop: x=1") == 5);
  CHECK(same_words("The  quick, brown FOX!", "the quick\nbrown fox"));
  CHECK(same_words("\u201cso\u201d\u2026", "so"));
  CHECK(!same_words("ab c", "a bc"));
  CHECK(!same_words("na\u00efve", "naive"));
  CHECK(count_words("na\u00efve Stra\u00dfe") == 2);
}

TEST_CASE("each character of Chinese, Japanese and Korean is a word") {
  CHECK(count_words("\u5929\u7a7a\u4e3a\u4ec0\u4e48") == 5);
  CHECK(count_words("x\u5929y") == 3);
  CHECK(count_words("\ud55c\uad6d\uc5b4") == 3);
  CHECK(count_words("\u5929\uff01\u3002\u7a7a") == 2 + 0);
  CHECK(count_words("\xff\xfe ok") == 2);  // broken bytes are a word of their own, never a crash
}

TEST_CASE("more than half of an item's words in shared rows of eight is contamination") {
  Contamination c;
  c.add(0, 1, asks("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"));
  struct Row {
    const char* prompt;
    bool hit;
    double share;
  };
  for (const Row& r : {
           Row{"one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen", true,
               1},
           Row{"Well: ONE, two; three four five six seven eight nine!", true, 9.0 / 16},
           Row{"one two three four five six seven eight", false, 0},  // exactly half
           Row{"one two three four five six seven", false, 0},
           Row{"one two three four five six seven eight - and nine ten eleven twelve thirteen fourteen fifteen sixteen",
               true, 1},
           Row{"one two three four x five six seven eight nine x ten eleven twelve thirteen", false, 0},
           Row{"", false, 0},
       }) {
    CAPTURE(r.prompt);
    const auto hit = c.find(asks(r.prompt));
    REQUIRE(hit.has_value() == r.hit);
    if (hit) CHECK(hit->share == doctest::Approx(r.share));
  }
}

TEST_CASE("only users' turns are compared, and over turns") {
  Contamination c;
  c.add(0, 1, asks("a b c d e f g h i j"));
  using Turns = std::vector<text::Message>;
  CHECK(!c.find(Turns{{"system", "a b c d e f g h i j"}, {"user", "hello"}}));
  CHECK(!c.find(Turns{{"user", "x"}, {"assistant", "a b c d e f g h i j"}, {"user", "y"}}));
  CHECK(c.find(Turns{{"user", "a b c d e"}, {"assistant", "ok"}, {"user", "f g h i j"}}));
}

TEST_CASE("an item of fewer than eight words has to be a whole turn") {
  Contamination c;
  c.add(0, 1, asks("Why is the sky blue?"));
  c.add(0, 2, asks("?!"));  // no words: nothing can hold it
  CHECK(c.find(asks("why is the sky blue")));
  CHECK(!c.find(asks("Tell me why is the sky blue")));
  CHECK(!c.find(asks("why is the sky")));
  CHECK(!c.find(asks("...")));
  using Turns = std::vector<text::Message>;
  CHECK(c.find(Turns{{"user", "Hello"}, {"assistant", "Hi"}, {"user", "Why is the sky blue"}}));
}

TEST_CASE("the item with the largest share is named, the earlier one of equals") {
  Contamination c;
  c.add(0, 1, asks("a b c d e f g h i j k l"));
  c.add(1, 5, asks("a b c d e f g h i j"));
  c.add(1, 6, asks("a b c d e f g h i j"));
  const auto hit = c.find(asks("a b c d e f g h i j x"));
  REQUIRE(hit);
  CHECK(hit->file == 1);
  CHECK(hit->number == 5);
}

TEST_CASE("a set of hashes holds each once, zero too") {
  HashSet set;
  CHECK(set.insert(0));
  CHECK(!set.insert(0));
  for (std::uint64_t i = 1; i <= 100'000; ++i) REQUIRE(set.insert(i << 40));  // low bits all alike
  for (std::uint64_t i = 1; i <= 100'000; i += 777) REQUIRE(!set.insert(i << 40));
  CHECK(set.size() == 100'001);
}
