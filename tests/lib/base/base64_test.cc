#include "lib/base/base64.h"

#include <doctest/doctest.h>

TEST_CASE("base64 is RFC 4648's, there and back") {
  struct Row {
    const char *bytes, *text;
  };
  // The test vectors of RFC 4648, section 10.
  for (const Row& r : {Row{"", ""}, Row{"f", "Zg=="}, Row{"fo", "Zm8="}, Row{"foo", "Zm9v"}, Row{"foob", "Zm9vYg=="},
                       Row{"fooba", "Zm9vYmE="}, Row{"foobar", "Zm9vYmFy"}}) {
    std::string text;
    rm::append_base64(text, r.bytes);
    CHECK(text == r.text);
    CHECK(rm::decode_base64(text) == r.bytes);
  }
  std::string all, text;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  rm::append_base64(text, all);
  CHECK(rm::decode_base64(text) == all);
  CHECK(text.find_first_of("<>&\"'") == text.npos);
}

TEST_CASE("padding may be missing, other characters may not be there") {
  CHECK(rm::decode_base64("Zg") == "f");
  CHECK_FALSE(rm::decode_base64("Z g="));
  CHECK_FALSE(rm::decode_base64("Zg\n"));
  CHECK_FALSE(rm::decode_base64("=Zg"));
}
