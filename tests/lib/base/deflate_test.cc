#include "lib/base/deflate.h"

#include <doctest/doctest.h>

#include "tests/lib/base/inflate.h"

TEST_CASE("what is packed comes back, and is smaller where it repeats") {
  std::string text = "[\"q\"]";
  for (int i = 0; i < 10'000; ++i) text += "a trace says much the same each time " + std::to_string(i % 97);
  for (const std::string& t : {std::string(), std::string("x"), text, std::string(70'000, '\0')}) {
    const std::string packed = rm::deflate_raw(t);
    CHECK_FALSE(packed.empty());
    CHECK(rm::inflate_raw(packed, t.size()) == t);
  }
  CHECK(rm::deflate_raw(text).size() < text.size() / 10);
}
