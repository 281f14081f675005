// zlib's own inflate, told that there is no header: what a browser does with "deflate-raw".
#pragma once

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>

namespace rm {

// `most`: how large the text can be.
inline std::string inflate_raw(const std::string& packed, std::size_t most) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, -15) == Z_OK);
  std::string out(most + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

}  // namespace rm
