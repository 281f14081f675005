// Heads of requests from anybody: whole or in pieces they are read alike; and texts that trainers send.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/serve/choices.h"
#include "lib/serve/gate.h"
#include "lib/serve/head.h"
#include "lib/serve/rendered.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rm::serve;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Limits limits;
  HeadReader whole, pieces;
  const auto state = whole.read(text, limits);
  auto last = HeadReader::State::kMore;
  const std::size_t step = 1 + size / 64;
  for (std::size_t n = step; last == HeadReader::State::kMore; n += step) {
    last = pieces.read(text.substr(0, n), limits);
    if (n >= size) break;
  }
  if ((state == HeadReader::State::kDone) != (last == HeadReader::State::kDone)) std::abort();
  if (state == HeadReader::State::kDone) {
    const Head &a = whole.head(), &b = pieces.head();
    if (a.bytes != b.bytes || a.length != b.length || a.path != b.path || a.bytes > size) std::abort();
    Options o;
    o.token = "s3cret";
    (void)refuse_stranger(a, o);
    Choices c;
    (void)choose_by_query(c, a.query, limits);
  }
  std::size_t content = 0;
  for (const auto& m : read_rendered(text)) content += m.content.size();
  if (content > size || without_end_marks(text).size() > size) std::abort();
  return 0;
}
