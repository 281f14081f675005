// Any bytes as lines of judged records: read, counted and scored, or refused; nothing else.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/bench/scores.h"
#include "lib/records/judged.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string name = "fuzz";
  rm::records::JudgedReader reader;
  rm::records::Judged judged;
  rm::bench::Tally tally;
  std::uint64_t number = 0;
  for (std::string_view rest(reinterpret_cast<const char*>(data), size); !rest.empty();) {
    const auto read = reader.read(rest, judged);
    if (read && *read > rest.size()) __builtin_trap();
    const std::size_t length = read ? *read : std::min(rest.find('\n'), rest.size());
    if (read) (void)tally.add(judged, {name, ++number}).ok();
    rest.remove_prefix(std::min(length + 1, rest.size()));
  }
  if (tally.check(true) && tally.rules() != nullptr && !tally.rows().empty())
    (void)rm::bench::score(tally, {.partial = true, .resamples = 20}).ok();
  return 0;
}
