#include "lib/base/deflate.h"

#include <doctest/doctest.h>
#include <zlib.h>

namespace {

// zlib's own inflate, told that there is no header.
std::string inflate_raw(const std::string& packed, std::size_t size) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, -15) == Z_OK);
  std::string out(size + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("what is packed comes back, and is smaller where it repeats") {
  std::string text = "[\"q\"]";
  for (int i = 0; i < 10'000; ++i) text += "a trace says much the same each time " + std::to_string(i % 97);
  for (const std::string& t : {std::string(), std::string("x"), text, std::string(70'000, '\0')}) {
    const std::string packed = rm::deflate_raw(t);
    CHECK_FALSE(packed.empty());
    CHECK(inflate_raw(packed, t.size()) == t);
  }
  CHECK(rm::deflate_raw(text).size() < text.size() / 10);
}
